import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KvError } from '@kv/client'
import { expect, test } from 'vitest'
import { FakeKv } from '../../test/fake-kv.ts'
import { inProcess } from '../../test/in-process.ts'
import { MemoryOutput } from '../../test/memory-output.ts'
import { scratchDirectory } from '../../test/scratch.ts'

const exported = '{"key":"a","value":"1"}\n{"key":"b","value64":"/w=="}\n'

async function store(): Promise<FakeKv> {
  const kv = new FakeKv()
  await kv.put(Buffer.from('b'), Buffer.from([0xff]))
  await kv.put(Buffer.from('a'), Buffer.from('1'))
  return kv
}

test('to standard output, with the summary beside it', async () => {
  const { stdout, stderr } = await inProcess(['export'], { kv: await store() })
  expect(stdout).toBe(exported)
  expect(stderr).toMatch(/^exported 2 records, 4 B, in [\d.]+ ms: [\d,]+ records\/s\n$/)
  expect((await inProcess(['export', '-'], { kv: await store() })).stdout).toBe(exported)
})

test('a part of it', async () => {
  const kv = await store()
  expect((await inProcess(['export', '--prefix', 'b'], { kv })).stdout).toBe(
    '{"key":"b","value64":"/w=="}\n',
  )
  expect((await inProcess(['export', '--prefix', 'x'], { kv })).stdout).toBe('')
})

test('to a file, as a whole or not at all', async () => {
  const directory = await scratchDirectory()
  const path = join(directory, 'all.jsonl')
  const kv = await store()
  const { exitCode, stdout, stderr } = await inProcess(['export', path, '--json'], { kv })
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  expect(JSON.parse(stdout)).toMatchObject({ records: 2, bytes: 4 })
  expect(await readFile(path, 'utf8')).toBe(exported)

  kv.onCall = (name) => {
    if (name === 'entry') throw new KvError('KV_UNREACHABLE', 'gone')
  }
  const failed = await inProcess(['export', path, '--force'], { kv })
  expect(failed).toMatchObject({ exitCode: 30, stdout: '' })
  expect(await readFile(path, 'utf8')).toBe(exported)
  expect(await readdir(directory)).toEqual(['all.jsonl'])
})

test('a file that exists is left as it is, before anybody is asked', async () => {
  const path = join(await scratchDirectory(), 'all.jsonl')
  await writeFile(path, 'precious')
  expect(await inProcess(['export', path])).toMatchObject({
    exitCode: 73,
    stderr: `kv: ${path} exists and was left as it is: choose another name, or replace it with --force (CLI_CANNOT_CREATE)\n`,
    targets: [],
  })
  expect(await readFile(path, 'utf8')).toBe('precious')
})

test('entries that scroll over a terminal need no counter', async () => {
  const setting = {
    stdout: new MemoryOutput({ isTerminal: true }),
    stderr: new MemoryOutput({ isTerminal: true }),
  }
  const { stdout, stderr } = await inProcess(['export'], { kv: await store(), ...setting })
  expect(stdout).toBe(exported)
  expect(stderr).toMatch(/^exported/)
})

test('what is exported can be imported', async () => {
  const kv = await store()
  const { stdout } = await inProcess(['export'], { kv })
  const other = new FakeKv()
  await inProcess(['import'], { kv: other, stdin: stdout })
  expect((await inProcess(['export'], { kv: other })).stdout).toBe(stdout)
})
