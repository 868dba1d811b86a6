import { KvError } from '@kv/client'
import { expect, test } from 'vitest'
import { FakeKv } from '../../test/fake-kv.ts'
import { inProcess } from '../../test/in-process.ts'
import { MemoryOutput } from '../../test/memory-output.ts'

async function storeOf(...keys: readonly (string | Buffer)[]): Promise<FakeKv> {
  const kv = new FakeKv()
  for (const key of keys)
    await kv.put(Buffer.from(key), Buffer.from(`value of ${keys.indexOf(key)}`))
  return kv
}

test.each([
  [[], 'a aa b c d'],
  [['--prefix', 'a'], 'a aa'],
  [['--gte', 'b', '--lt', 'd'], 'b c'],
  [['--gt', 'b', '--lte', 'd'], 'c d'],
  [['--reverse', '--limit', '2'], 'd c'],
  [['--limit', '0'], ''],
  [['--key-encoding', 'hex', '--gte', '63'], '63 64'],
])('%j', async (argv, keys) => {
  const kv = await storeOf('d', 'c', 'b', 'aa', 'a')
  const { stdout, exitCode } = await inProcess(['range', '--keys-only', ...argv], { kv })
  expect(stdout.split('\n').join(' ').trim()).toBe(keys)
  expect(exitCode).toBe(0)
})

test('an entry is one line: key, tab, value, escaped', async () => {
  const kv = new FakeKv()
  await kv.put(Buffer.from('a\tb\n'), Buffer.from('1\\2\x1b[0m'))
  await kv.put(Buffer.from([0xff]), Buffer.alloc(0))
  expect((await inProcess(['range'], { kv })).stdout).toBe('a\\tb\\n\t1\\\\2\\x1b[0m\n\\xff\t\n')
  const encoded = await inProcess(['range', '--key-encoding=hex', '--value-encoding=base64'], {
    kv,
  })
  expect(encoded.stdout).toBe('6109620a\tMVwyG1swbQ==\nff\t\n')
})

test('as JSON Lines, with versions', async () => {
  const kv = await storeOf('a', Buffer.from([0xff]))
  expect((await inProcess(['range', '--json'], { kv })).stdout).toBe(
    '{"key":"a","value":"value of 0","version":1}\n{"key64":"/w==","value":"value of 1","version":2}\n',
  )
  expect((await inProcess(['range', '--json', '--keys-only', '--limit', '1'], { kv })).stdout).toBe(
    '{"key":"a","version":1}\n',
  )
})

test.each([
  [['--gte', 'a', '--gt', 'b'], '--gte and --gt exclude each other'],
  [['--lte', 'a', '--lt', 'b'], '--lte and --lt exclude each other'],
  [['--limit', '-1'], '--limit must be a whole number'],
  [['--key-encoding', 'hex', '--prefix', 'x'], '--prefix is not hex'],
])('%j is refused', async (argv, message) => {
  const outcome = await inProcess(['range', ...argv])
  expect(outcome).toMatchObject({ exitCode: 64, stdout: '', targets: [] })
  expect(outcome.stderr).toContain(message)
})

test('what came before a failure is printed', async () => {
  const kv = await storeOf('a', 'b')
  kv.onCall = (name) => {
    if (name === 'entry' && kv.calls.filter((each) => each === 'entry').length === 2) {
      throw new KvError('KV_UNREACHABLE', 'gone')
    }
  }
  expect(await inProcess(['range', '--keys-only'], { kv })).toMatchObject({
    exitCode: 30,
    stdout: 'a\n',
    stderr: 'kv: gone (KV_UNREACHABLE)\n',
  })
})

test('reads no further when the reader has gone', async () => {
  const keys = Array.from({ length: 20_000 }, (_none, index) => `key ${index}`)
  const kv = new FakeKv()
  for (const key of keys) await kv.put(Buffer.from(key), Buffer.from('x'.repeat(100)))
  const stdout = new MemoryOutput({ failure: Object.assign(new Error(), { code: 'EPIPE' }) })
  kv.calls.length = 0
  expect(await inProcess(['range'], { kv, stdout })).toMatchObject({ exitCode: 0, stderr: '' })
  expect(kv.calls.length).toBeLessThan(1_000)
  expect(stdout.chunks.length).toBe(1)
})
