import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KvError } from '@kv/client'
import { expect, test } from 'vitest'
import { FakeKv } from '../../test/fake-kv.ts'
import { inProcess } from '../../test/in-process.ts'
import { MemoryOutput } from '../../test/memory-output.ts'
import { scratchDirectory } from '../../test/scratch.ts'

const two = '{"key":"a","value":"1"}\n{"key":"b","value":{"x":1.0}}\n'

async function fileWith(content: string): Promise<string> {
  const path = join(await scratchDirectory(), 'users.jsonl')
  await writeFile(path, content)
  return path
}

test('imports a file, and says how much in how long', async () => {
  const kv = new FakeKv()
  const outcome = await inProcess(['import', await fileWith(two)], { kv })
  expect(outcome).toMatchObject({ exitCode: 0, stderr: '' })
  expect(outcome.stdout).toMatch(/^imported 2 records, 12 B, in [\d.]+ ms: [\d,]+ records\/s\n$/)
  expect(kv.textAt('b')).toBe('{"x":1.0}')
})

test('or standard input, named - or not at all', async () => {
  for (const argv of [['import'], ['import', '-']]) {
    const kv = new FakeKv()
    const { stdout } = await inProcess([...argv, '--json'], { kv, stdin: two })
    expect(JSON.parse(stdout)).toEqual({
      records: 2,
      bytes: 12,
      ms: expect.any(Number),
      recordsPerSecond: expect.any(Number),
    })
    expect(kv.keys).toEqual(['a', 'b'])
  }
})

test('a terminal is asked for a file', async () => {
  expect(await inProcess(['import'])).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('there is nothing to import'),
    targets: [],
  })
})

test('a bad line is named with its file, and what was imported is told', async () => {
  const path = await fileWith(`${two}\n{"key":"c"}\n${two}`)
  expect(await inProcess(['import', path])).toMatchObject({
    exitCode: 65,
    stdout: '',
    stderr: `kv: ${path}:4: no value; the import stopped, 2 records are imported for certain, all lines up to 3 among them; importing it all again is harmless (CLI_BAD_INPUT)\n`,
  })
})

test('so is a failure of the server, with the lines of its batch', async () => {
  const kv = new FakeKv()
  kv.onCall = () => {
    throw new KvError('KV_OUTCOME_UNKNOWN', 'the connection was lost')
  }
  expect(await inProcess(['import', '--json'], { kv, stdin: two })).toMatchObject({
    exitCode: 40,
    stdout: '',
    stderr: `{"error":{"code":"KV_OUTCOME_UNKNOWN","message":"standard input:1-2: the connection was lost; the import stopped, 0 records are imported for certain; importing it all again is harmless"}}\n`,
  })
})

test('shows on a terminal how far it is, and gives the cursor back', async () => {
  const stderr = new MemoryOutput({ isTerminal: true })
  await inProcess(['import', await fileWith(two)], { stderr })
  expect(stderr.text).toContain('importing ░')
  expect(stderr.text).toContain('\x1b[?25h')
  const failing = new MemoryOutput({ isTerminal: true })
  await inProcess(['import', await fileWith('x')], { stderr: failing })
  expect(failing.text.split('\x1b[?25h').at(-1)).toMatch(/kv: .*users\.jsonl:1: not valid JSON/)
})
