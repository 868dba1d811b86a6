import { KvError } from '@kv/client'
import { expect, test } from 'vitest'
import { FakeKv } from '../../test/fake-kv.ts'
import { inProcess } from '../../test/in-process.ts'
import { MemoryOutput } from '../../test/memory-output.ts'

const progress = {
  phase: 'copying',
  inputFiles: 2,
  inputBytes: 2_097_152,
  writtenBytes: 262_144,
  expectedBytes: 1_048_576,
  leftMs: 1_500,
}

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

test('merge-now shows on a terminal how far it is, and nowhere else', async () => {
  const kv = new FakeKv()
  kv.mergeReport = { inputFiles: 0 }
  let polls = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  kv.mergeEnd = promise
  kv.statsMap = { store: { merges: { progress } } }
  kv.onCall = (name) => {
    if (name === 'stats' && ++polls === 3) resolve()
  }
  const stderr = new MemoryOutput({ isTerminal: true })
  const outcome = await inProcess(['merge-now'], { kv, stderr })
  expect(outcome).toMatchObject({ exitCode: 0, stdout: 'there was nothing to merge\n' })
  expect(stderr.text).toContain('25% | copying | 256 KiB | 1.5 s left')
  kv.mergeEnd = Promise.resolve()
  const silent = new MemoryOutput()
  await inProcess(['merge-now'], { kv, stderr: silent })
  expect(silent.text).toBe('')
})

test('a merge that fails ends its progress too', async () => {
  const kv = new FakeKv()
  kv.mergeEnd = Promise.reject(new KvError('KV_DISK_FULL', 'no room; nothing was changed'))
  const stderr = new MemoryOutput({ isTerminal: true })
  const { exitCode } = await inProcess(['merge-now'], { kv, stderr })
  expect(exitCode).not.toBe(0)
  expect(stderr.text).toContain('no room; nothing was changed (KV_DISK_FULL)')
})

test('merge pause, resume and status', async () => {
  const kv = new FakeKv()
  expect((await inProcess(['merge', 'pause'], { kv })).stdout).toContain('merges are paused')
  expect((await inProcess(['merge', 'pause', '--json'], { kv })).stdout).toBe('{"paused":true}\n')
  expect((await inProcess(['merge', 'resume'], { kv })).stdout).toBe('no merge is running\n')
  kv.statsMap = {
    store: { merges: { progress, paused: true, deadRatio: 0.25, deadRatioMin: 0.3 } },
  }
  expect((await inProcess(['merge', 'status'], { kv })).stdout).toBe(
    [
      'merging 2 files of 2 MiB: copying, 256 KiB of 1 MiB written, some 1.5 s left',
      'merges are paused: kv merge resume lets them go on',
      '25.0 % of the store is dead; merges start at 30.0 %',
      '',
    ].join('\n'),
  )
  kv.statsMap = {
    store: { merges: { lacksRoom: true, progress: 'soon', deadRatio: null, heldBackMs: 1_500 } },
  }
  expect((await inProcess(['merge', 'status'], { kv })).stdout).toBe(
    'no merge is running\na merge is due that does not fit on the disk\nwrites have waited 1.5 s for merges so far\n',
  )
  kv.statsMap = {}
  expect((await inProcess(['merge', 'status', '--json'], { kv })).stdout).toBe('{}\n')
  expect(kv.calls).toEqual([
    'pauseMerges',
    'pauseMerges',
    'resumeMerges',
    'stats',
    'stats',
    'stats',
  ])
  const wrong = await inProcess(['merge', 'stop'], { kv })
  expect(wrong.exitCode).toBe(64)
  expect(wrong.stderr).toContain("must be one of pause, resume, status, not 'stop'")
})

test('ping', async () => {
  const kv = new FakeKv()
  await kv.put(Buffer.from('k'), Buffer.from('v'))
  const { stdout } = await inProcess(['ping'], { kv })
  expect(stdout).toMatch(/^round trip [\d.]+ ms, index 1\n$/)
  const json = await inProcess(['ping', '--json'], { kv })
  expect(JSON.parse(json.stdout)).toEqual({ roundTripMs: expect.any(Number), index: 1 })
})
