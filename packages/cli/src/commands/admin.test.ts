import { expect, test } from 'vitest'
import { FakeKv } from '../../test/fake-kv.ts'
import { inProcess } from '../../test/in-process.ts'

test('stats as a view, or as the server has it', async () => {
  const kv = new FakeKv()
  kv.statsMap = { store: { keys: 1_234, files: { liveBytes: 2_048 } } }
  expect((await inProcess(['stats'], { kv })).stdout).toBe(
    'store\n  keys  1,234\n\nstore / files\n  live  2 KiB\n',
  )
  expect((await inProcess(['stats', '--json'], { kv })).stdout).toBe(
    '{"store":{"keys":1234,"files":{"liveBytes":2048}}}\n',
  )
})

test('merge-now as a sentence, or as the server has it', async () => {
  const kv = new FakeKv()
  kv.mergeReport = { inputFiles: 0 }
  expect((await inProcess(['merge-now'], { kv })).stdout).toBe('there was nothing to merge\n')
  expect((await inProcess(['merge-now', '--json'], { kv })).stdout).toBe('{"inputFiles":0}\n')
})

test('ping', async () => {
  const kv = new FakeKv()
  await kv.put(Buffer.from('k'), Buffer.from('v'))
  const { stdout } = await inProcess(['ping'], { kv })
  expect(stdout).toMatch(/^round trip [\d.]+ ms, index 1\n$/)
  const json = await inProcess(['ping', '--json'], { kv })
  expect(JSON.parse(json.stdout)).toEqual({ roundTripMs: expect.any(Number), index: 1 })
})
