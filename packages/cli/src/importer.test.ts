import type { ErrorCode } from '@kv/client'
import { KvError } from '@kv/client'
import { expect, test } from 'vitest'
import { FakeKv } from '../test/fake-kv.ts'
import { ImportStopped } from './import-stopped.ts'
import type { ImportOptions } from './importer.ts'
import { importRecords } from './importer.ts'
import type { KvBatch, KvWriter } from './kv.ts'

const line = (key: string, value = 'v') => `${JSON.stringify({ key, value })}\n`
const lines = (count: number) => Array.from({ length: count }, (_none, index) => line(`k${index}`))

async function* chunksOf(...chunks: readonly string[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}

async function* breaking(chunk: string): AsyncGenerator<Buffer> {
  yield Buffer.from(chunk)
  throw new Error('EIO')
}

/** What the import stopped with. */
async function stopOf(
  kv: KvWriter,
  chunks: AsyncIterable<Buffer>,
  options?: ImportOptions,
): Promise<ImportStopped> {
  return await importRecords(kv, chunks, options).then(
    () => expect.unreachable('the import ended well'),
    (error: unknown) => {
      if (error instanceof ImportStopped) return error
      throw error
    },
  )
}

/** Commits wait until the test settles them. */
class HeldWriter implements KvWriter {
  readonly commits: { keys: string[]; settle: (error?: unknown) => void }[] = []
  #onCommit: () => void = () => undefined

  batch(): KvBatch {
    const keys: string[] = []
    return {
      put: (key) => keys.push(Buffer.from(key).toString()),
      commit: () =>
        new Promise((resolve, reject) => {
          const settle = (error?: unknown) => {
            if (error === undefined) resolve({ version: 1, durability: 'synced' })
            else reject(error)
          }
          this.commits.push({ keys, settle })
          this.#onCommit()
        }),
    }
  }

  /** Resolves when so many commits have been begun. */
  async begun(count: number): Promise<void> {
    while (this.commits.length < count) {
      await new Promise<void>((resolve) => {
        this.#onCommit = resolve
      })
    }
  }
}

/** Everything that can happen without another event has happened. */
const idle = () => new Promise<void>((resolve) => setImmediate(resolve))

test('imports every record, and tells which were acknowledged', async () => {
  const kv = new FakeKv()
  const acknowledged: string[] = []
  const report = await importRecords(kv, chunksOf(...lines(1_234)), {
    onAcknowledged: (keys) => acknowledged.push(...keys.map(String)),
  })
  expect(kv.keys.length).toBe(1_234)
  expect(kv.calls).toEqual(['batch', 'batch', 'batch'])
  expect(acknowledged.sort()).toEqual(kv.keys)
  const bytes = kv.keys.reduce((sum, key) => sum + key.length + 1, 0)
  expect(report).toEqual({ records: 1_234, bytes, linesDone: 1_234 })
})

test('nothing is imported from nothing', async () => {
  const kv = new FakeKv()
  const report = await importRecords(kv, chunksOf('', '\n', ' \r\n'))
  expect(report).toEqual({ records: 0, bytes: 0, linesDone: 2 })
  expect(kv.calls).toEqual([])
})

test('blank lines, a byte order mark and a missing last line break do no harm', async () => {
  const kv = new FakeKv()
  const report = await importRecords(kv, chunksOf('\ufeff\n', line('a'), '\r\n', line('b').trim()))
  expect(kv.keys).toEqual(['a', 'b'])
  expect(report).toMatchObject({ records: 2, linesDone: 4 })
})

test('batches are bounded by records and by bytes', async () => {
  const kv = new FakeKv()
  await importRecords(kv, chunksOf(...lines(10)), { batchRecordsMax: 4 })
  expect(kv.calls.length).toBe(3)
  kv.calls.length = 0
  const big = 'x'.repeat(60)
  await importRecords(kv, chunksOf(line('a', big), line('b', big), line('c', 'x'.repeat(500))), {
    batchBytesMax: 100,
  })
  expect(kv.calls.length).toBe(3)
})

test('no more batches are in flight than allowed, and no more bytes', async () => {
  for (const bound of [{ batchesInFlightMax: 3 }, { bytesInFlightMax: 12 }]) {
    const kv = new HeldWriter()
    const done = importRecords(kv, chunksOf(...lines(8)), { batchRecordsMax: 1, ...bound })
    // A record has three bytes for its key and one for its value, less one for keys under ten.
    const most = 'batchesInFlightMax' in bound ? 3 : 4
    await kv.begun(most)
    await idle()
    expect(kv.commits.length).toBe(most)
    for (let index = 0; index < 8; index++) {
      await kv.begun(index + 1)
      kv.commits[index]!.settle()
    }
    expect(await done).toMatchObject({ records: 8 })
  }
})

test('reads no further than it can send', async () => {
  const kv = new HeldWriter()
  let read = 0
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) yield Buffer.from(line(`k${read++}`))
  }
  const end = new AbortController()
  const stopped = stopOf(kv, endless(), {
    batchRecordsMax: 10,
    batchesInFlightMax: 2,
    signal: end.signal,
  })
  await kv.begun(2)
  await idle()
  expect(read).toBeLessThanOrEqual(31)
  end.abort()
  for (const { settle } of kv.commits) settle(new KvError('KV_CANCELLED', 'cancelled'))
  expect((await stopped).report.records).toBe(0)
})

test('of a key that occurs again the last line wins: its batch waits for the one in flight', async () => {
  const kv = new HeldWriter()
  const done = importRecords(kv, chunksOf(line('a'), line('b'), line('a', 'later')), {
    batchRecordsMax: 1,
  })
  await kv.begun(2)
  await idle()
  expect(kv.commits.map(({ keys }) => keys)).toEqual([['a'], ['b']])
  kv.commits[1]!.settle()
  await idle()
  expect(kv.commits.length).toBe(2)
  kv.commits[0]!.settle()
  await kv.begun(3)
  kv.commits[2]!.settle()
  expect(await done).toMatchObject({ records: 3, linesDone: 3 })
})

test('a bad line stops the import behind everything before it', async () => {
  const kv = new FakeKv()
  const stopped = await stopOf(kv, chunksOf(line('a'), '\n', line('b'), '{"key":"c"}\n', line('d')))
  expect(kv.keys).toEqual(['a', 'b'])
  expect(stopped).toMatchObject({
    message: 'no value',
    lines: { first: 4, last: 4 },
    report: { records: 2, linesDone: 3 },
  })
})

test('so does a line that is too long', async () => {
  const kv = new FakeKv()
  const stopped = await stopOf(kv, chunksOf(line('a'), 'x'.repeat(99)), { lineBytesMax: 50 })
  expect(stopped).toMatchObject({
    message: 'the line is over 50 bytes',
    lines: { first: 2, last: 2 },
    report: { records: 1, linesDone: 1 },
  })
})

test('a record over the limits of the server is found by its line', async () => {
  const limits = { keyBytesMax: 3, valueBytesMax: 5 }
  const long = chunksOf(line('abc', '12345'), line('abcd'))
  expect(await stopOf(new FakeKv(), long, { limits })).toMatchObject({
    message: 'the key has 4 bytes, the server takes 3',
    lines: { first: 2, last: 2 },
    cause: { code: 'KV_KEY_TOO_LARGE' },
    report: { records: 1 },
  })
  expect(await stopOf(new FakeKv(), chunksOf(line('abc', '123456')), { limits })).toMatchObject({
    message: 'the value has 6 bytes, the server takes 5',
    cause: { code: 'KV_VALUE_TOO_LARGE' },
  })
})

test.each<ErrorCode>(['KV_OUTCOME_UNKNOWN', 'KV_DISK_FULL', 'KV_UNREACHABLE', 'KV_INTERNAL'])(
  'a batch that fails with %s ends the import; those in flight are still counted',
  async (code) => {
    const kv = new HeldWriter()
    const acknowledged: string[] = []
    const stopped = stopOf(kv, chunksOf(...lines(10)), {
      batchRecordsMax: 2,
      batchesInFlightMax: 4,
      onAcknowledged: (keys) => acknowledged.push(...keys.map(String)),
    })
    await kv.begun(4)
    kv.commits[3]!.settle()
    kv.commits[0]!.settle()
    kv.commits[1]!.settle(new KvError(code, 'broken'))
    await idle()
    kv.commits[2]!.settle()
    expect(await stopped).toMatchObject({
      message: 'broken',
      cause: { code },
      lines: { first: 3, last: 4 },
      report: { records: 6, linesDone: 2 },
    })
    expect(acknowledged.sort()).toEqual(['k0', 'k1', 'k4', 'k5', 'k6', 'k7'])
  },
)

test('a refused batch is sent again after the time that the server asks for', async () => {
  const kv = new FakeKv()
  let refusals = 3
  kv.onCall = () => {
    if (refusals-- > 0) {
      throw new KvError('KV_TRY_LATER', 'busy', { details: { retryAfterMs: 70 } })
    }
  }
  const waits: number[] = []
  const wait = async (ms: number) => void waits.push(ms)
  expect(await importRecords(kv, chunksOf(line('a')), { wait })).toMatchObject({ records: 1 })
  expect(waits).toEqual([70, 70, 70])
})

test('a server that stays busy ends the import in the end', async () => {
  const kv = new FakeKv()
  kv.onCall = () => {
    throw new KvError('KV_TRY_LATER', 'busy')
  }
  const waits: number[] = []
  const wait = async (ms: number) => void waits.push(ms)
  const stopped = await stopOf(kv, chunksOf(line('a')), { wait })
  expect(stopped).toMatchObject({ cause: { code: 'KV_TRY_LATER' }, report: { records: 0 } })
  expect(waits).toEqual([40, 80, 160, 320, 640, 1_280, 2_000, 2_000, 2_000])
})

test('an input that breaks off is a failure, behind everything before it', async () => {
  const kv = new FakeKv()
  const stopped = await stopOf(kv, breaking(line('a')))
  expect(stopped).toMatchObject({ message: 'EIO', lines: undefined, report: { records: 1 } })
})

test('progress counts acknowledged records and bytes of the input', async () => {
  const kv = new HeldWriter()
  const seen: unknown[] = []
  const done = importRecords(kv, chunksOf(line('a'), line('b'), '\n'), {
    batchRecordsMax: 1,
    batchesInFlightMax: 1,
    onProgress: (progress) => seen.push(progress),
  })
  await kv.begun(1)
  await idle()
  kv.commits[0]!.settle()
  await kv.begun(2)
  await idle()
  kv.commits[1]!.settle()
  await done
  const bytes = line('a').length
  expect(seen).toEqual([
    { records: 0, inputBytes: bytes },
    { records: 1, inputBytes: 2 * bytes },
    { records: 1, inputBytes: 2 * bytes + 1 },
  ])
})
