import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchDirectory } from '../test/scratch.ts'
import { OutputFile } from './output-file.ts'

test('is there when it is committed, and not before', async () => {
  const directory = await scratchDirectory()
  const path = join(directory, 'out')
  await using file = await OutputFile.create(path, false)
  await file.write('one ')
  await file.write(Buffer.from('two'))
  expect(await readdir(directory)).toEqual([expect.stringMatching(/^\.out\.[0-9a-f]{12}\.tmp$/)])
  await file.commit()
  expect(await readdir(directory)).toEqual(['out'])
  expect(await readFile(path, 'utf8')).toBe('one two')
})

test('leaves nothing behind without a commit', async () => {
  const directory = await scratchDirectory()
  {
    await using file = await OutputFile.create(join(directory, 'out'), false)
    await file.write('half')
  }
  expect(await readdir(directory)).toEqual([])
})

test('does not replace what somebody else has made meanwhile', async () => {
  const directory = await scratchDirectory()
  const path = join(directory, 'out')
  await using file = await OutputFile.create(path, false)
  await writeFile(path, 'precious')
  await expect(file.commit()).rejects.toMatchObject({ code: 'CLI_CANNOT_CREATE' })
  expect(await readFile(path, 'utf8')).toBe('precious')
  expect(await readdir(directory)).toEqual(['out'])
})

test('replaces the file behind a symbolic link, and not the link', async () => {
  const directory = await scratchDirectory()
  await writeFile(join(directory, 'target'), 'old')
  const path = join(directory, 'link')
  await symlink('target', path)
  await using file = await OutputFile.create(path, true)
  await file.write('new')
  await file.commit()
  expect((await lstat(path)).isSymbolicLink()).toBe(true)
  expect(await readFile(join(directory, 'target'), 'utf8')).toBe('new')
})

test('a device is written, not replaced', async () => {
  await using file = await OutputFile.create('/dev/null', true)
  await file.write('gone')
  await file.commit()
  expect((await lstat('/dev/null')).isCharacterDevice()).toBe(true)
})

test('a directory, and a directory that is not there, are refused', async () => {
  const directory = await scratchDirectory()
  await mkdir(join(directory, 'sub'))
  await expect(OutputFile.create(join(directory, 'sub'), true)).rejects.toMatchObject({
    code: 'CLI_CANNOT_CREATE',
    message: expect.stringMatching(/: it is a directory$/),
  })
  await expect(OutputFile.create(join(directory, 'no/out'), true)).rejects.toMatchObject({
    code: 'CLI_CANNOT_CREATE',
    message: expect.stringMatching(/: no such file or directory$/),
  })
})
