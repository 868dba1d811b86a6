import { expect, test } from 'vitest'
import { RecordedDisk } from '../drills/strace/recorded-disk.ts'
import { parseTrace } from '../drills/strace/trace.ts'
import { hex } from './trace-hex.ts'

const openDirectory = `openat(AT_FDCWD<${hex('/')}>, "${hex('/r')}", O_RDONLY|O_DIRECTORY) = 4`
const syncDirectory = `fsync(4<${hex('/r')}>) = 0`
const createFile = `openat(AT_FDCWD<${hex('/')}>, "${hex('/r/a')}", O_RDWR|O_CREAT|O_EXCL) = 3`
const removeFile = `unlink("${hex('/r/a')}") = 0`

test('a sync covers what the process before has called, however late in its trace', () => {
  const disk = new RecordedDisk('/r')
  play(disk, [createFile, openDirectory, syncDirectory, syncDirectory, removeFile])
  expect(files(disk, 'kept')).toEqual([])
  expect(files(disk, 'dropped')).toEqual(['/a'])
  disk.endProcess()
  play(disk, [createFile, openDirectory, syncDirectory])
  expect(files(disk, 'kept')).toEqual(['/a'])
  expect(disk.hasUnsyncedNames).toBe(false)
})

function play(disk: RecordedDisk, calls: readonly string[]): void {
  for (const event of parseTrace(calls.map((call) => `7 1.1 ${call}\n`).join(''))) disk.take(event)
}

function files(disk: RecordedDisk, names: 'kept' | 'dropped'): string[] {
  return [...disk.crash({ data: 'all', names }).files().keys()]
}
