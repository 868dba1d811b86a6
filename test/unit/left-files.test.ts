import { expect, test } from 'vitest'
import { isUnmade } from '../drills/strace/left-files.ts'
import { parseTrace } from '../drills/strace/trace.ts'
import { hex } from './trace-hex.ts'

/** The log goes on in prepared space. */
const log = Buffer.concat([Buffer.alloc(64), Buffer.from('abcdef'), Buffer.alloc(10)])
const left = { '/d/log': log, '/d/old': Buffer.alloc(0) }

test.each([
  ['a write that is not in the file', `pwrite64(3<${hex('/d/log')}>, "${hex('abcdefg')}", 7, 64)`],
  ['a write behind the file', `pwrite64(3<${hex('/d/log')}>, "${hex('abcdefg')}", 7, 80)`],
  ['a file that is not there', `openat(AT_FDCWD<${hex('/')}>, "${hex('/d/new')}", O_RDWR|O_CREAT)`],
  ['a rename of what is there', `rename("${hex('/d/old')}", "${hex('/d/new')}")`],
  ['a removal of what is there', `unlink("${hex('/d/old')}")`],
])('a call in which the process was killed was not made: %s', (_, call) => {
  expect(isUnmade(killedIn(call), left)).toBe(true)
})

test.each([
  ['a write that is in the file', `pwrite64(3<${hex('/d/log')}>, "${hex('abcdef')}", 6, 64)`],
  ['a file that is there', `openat(AT_FDCWD<${hex('/')}>, "${hex('/d/log')}", O_RDWR|O_CREAT)`],
  ['a file that was opened', `openat(AT_FDCWD<${hex('/')}>, "${hex('/d/new')}", O_RDONLY)`],
  ['a rename of what is gone', `rename("${hex('/d/tmp')}", "${hex('/d/old')}")`],
  ['a removal of what is gone', `unlink("${hex('/d/gone')}")`],
  ['a sync', `fdatasync(3<${hex('/d/log')}>)`],
])('a call in which the process was killed may have been made: %s', (_, call) => {
  expect(isUnmade(killedIn(call), left)).toBe(false)
})

test('a call that has returned was made', () => {
  const [event] = parseTrace(`7 1.1 unlink("${hex('/d/old')}") = 0\n`)
  expect(isUnmade(event!.call, left)).toBe(false)
})

function killedIn(call: string) {
  return parseTrace(`7 1.1 ${call} = ?\n7 1.2 +++ killed by SIGKILL +++\n`)[0]!.call
}
