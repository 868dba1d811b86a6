import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FakeKv } from '../../test/fake-kv.ts'
import { inProcess } from '../../test/in-process.ts'
import { MemoryOutput } from '../../test/memory-output.ts'
import { scratchDirectory } from '../../test/scratch.ts'

const wild = Buffer.from('\xff\x00\x1b[31m\n', 'latin1')

async function storeWith(key: string, value: Buffer | string): Promise<FakeKv> {
  const kv = new FakeKv()
  await kv.put(Buffer.from(key), Buffer.from(value))
  return kv
}

test('a pipe gets the bytes and nothing else', async () => {
  const stdout = new MemoryOutput()
  await inProcess(['get', 'k'], { kv: await storeWith('k', wild), stdout })
  expect(stdout.bytes).toEqual(wild)
})

test('a terminal gets them escaped, with a line break behind', async () => {
  const stdout = new MemoryOutput({ isTerminal: true })
  await inProcess(['get', 'k'], { kv: await storeWith('k', wild), stdout })
  expect(stdout.text).toBe('\\xff\0\\x1b[31m\n\n'.replace('\0', '\\x00'))
})

test('encoded it is a line', async () => {
  const kv = await storeWith('k', wild)
  const hex = await inProcess(['get', 'k', '--value-encoding', 'hex'], { kv })
  expect(hex.stdout).toBe('ff001b5b33316d0a\n')
  const base64 = await inProcess(['get', '6b', '--key-encoding=hex', '--value-encoding=base64'], {
    kv,
  })
  expect(base64.stdout).toBe('/wAbWzMxbQo=\n')
})

test('as JSON', async () => {
  const text = await inProcess(['get', 'k', '--json'], { kv: await storeWith('k', 'Ada') })
  expect(text.stdout).toBe('{"found":true,"value":"Ada","version":1}\n')
  const bytes = await inProcess(['get', 'k', '--json'], { kv: await storeWith('k', wild) })
  expect(bytes.stdout).toBe('{"found":true,"value64":"/wAbWzMxbQo=","version":1}\n')
})

test('no such key is exit code 1', async () => {
  expect(await inProcess(['get', 'a\x1bb'])).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: 'kv: there is no key a\\x1bb\n',
  })
  expect(await inProcess(['get', 'k', '--json'])).toMatchObject({
    exitCode: 1,
    stdout: '{"found":false}\n',
    stderr: '',
  })
})

test('to a file, which is not replaced unasked', async () => {
  const path = join(await scratchDirectory(), 'value')
  const kv = await storeWith('k', wild)
  expect(await inProcess(['get', 'k', '--out', path], { kv })).toMatchObject({
    exitCode: 0,
    stdout: '',
  })
  expect(await readFile(path)).toEqual(wild)
  await writeFile(path, 'precious')
  expect(await inProcess(['get', 'k', '--out', path], { kv })).toMatchObject({ exitCode: 73 })
  expect(await readFile(path, 'utf8')).toBe('precious')
  expect(await inProcess(['get', 'k', '--out', path, '--force'], { kv })).toMatchObject({
    exitCode: 0,
  })
  expect(await readFile(path)).toEqual(wild)
})

test('a file and JSON exclude each other', async () => {
  expect(await inProcess(['get', 'k', '--out', 'f', '--json'])).toMatchObject({ exitCode: 64 })
})
