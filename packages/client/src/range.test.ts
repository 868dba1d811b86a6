import { KvError } from '@kv/protocol'
import { expect, test } from 'vitest'
import { FakeStore } from '../test/fake-store.ts'
import { useRigs } from '../test/rig.ts'
import type { RangeOptions } from './range-options.ts'

const start = useRigs()

/** Keys k00 to k24, in pages of 10. */
async function filled() {
  const rig = await start(new FakeStore(10).handle)
  const batch = rig.client.batch()
  for (let index = 0; index < 25; index++)
    batch.put(`k${String(index).padStart(2, '0')}`, `v${index}`)
  await batch.commit()
  const keys = async (options: RangeOptions): Promise<string[]> => {
    const found: string[] = []
    for await (const { key } of rig.client.range(options)) found.push(key.toString())
    return found
  }
  const pages = (): number =>
    rig.server.received.filter(({ request }) => request.kind === 'range').length
  return { ...rig, keys, pages }
}

const names = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `k${String(from + index).padStart(2, '0')}`)

test('all entries come in order over as many pages as it takes', async () => {
  const { client, keys, pages } = await filled()
  expect(await keys({})).toEqual(names(0, 24))
  expect(pages()).toBe(3)
  const first = await client.range({ limit: 1 }).next()
  expect(first.value).toEqual({ key: Buffer.from('k00'), value: Buffer.from('v0'), version: 1 })
})

test.each<[RangeOptions, number, number]>([
  [{ gte: 'k05', lt: 'k20' }, 5, 19],
  [{ gt: 'k05', lte: 'k20' }, 6, 20],
  [{ prefix: 'k1' }, 10, 19],
  [{ prefix: 'k1', gt: 'k15' }, 16, 19],
  [{ limit: 12 }, 0, 11],
  [{ limit: 10 }, 0, 9],
  [{ pageKeys: 3, limit: 7 }, 0, 6],
  [{ keysOnly: true }, 0, 24],
])('%j, and the same reversed', async (options, from, to) => {
  const { keys } = await filled()
  expect(await keys(options)).toEqual(names(from, to))
  const all = await keys({ ...options, limit: undefined })
  const reversed = await keys({ ...options, reverse: true })
  expect(reversed).toEqual(all.reverse().slice(0, options.limit ?? Infinity))
})

test('nothing is asked for with a limit of 0, or before the first entry is wanted', async () => {
  const { client, keys, pages } = await filled()
  expect(await keys({ limit: 0 })).toEqual([])
  client.range()
  expect(pages()).toBe(0)
  expect(await keys({ prefix: 'none' })).toEqual([])
  expect(pages()).toBe(1)
})

test('keysOnly leaves the values out', async () => {
  const { client } = await filled()
  const first = await client.range({ keysOnly: true }).next()
  expect(first.value).toEqual({ key: Buffer.from('k00'), version: 1 })
})

test('one page is read ahead, and no more', async () => {
  const { client, pages } = await filled()
  const entries = client.range()
  await entries.next()
  await client.ping()
  expect(pages()).toBe(1)
  for (let index = 0; index < 8; index++) await entries.next()
  await client.ping()
  expect(pages()).toBe(2)
  await entries.return()
})

test('a consumer who breaks off ends the fetching', async () => {
  const { client, pages } = await filled()
  for await (const { key } of client.range()) if (key.toString() === 'k07') break
  await client.ping()
  expect(pages()).toBe(2)
  expect(client.counters).toMatchObject({ inFlight: 0, pendingBytes: 0 })
})

test('a page read ahead that fails is told when it is reached', async () => {
  const { client, server } = await filled()
  const seen: string[] = []
  const reading = (async () => {
    for await (const { key } of client.range({ timeoutMs: 60_000 })) {
      if (seen.length === 0)
        server.handle = ({ id }, from) =>
          from.answer(id, { kind: 'range', entries: [], more: true })
      seen.push(key.toString())
    }
  })()
  await expect(reading).rejects.toMatchObject({ code: 'KV_BAD_ANSWER' })
  expect(seen).toEqual(names(0, 9))
})

test('a page read ahead that fails for nobody is no unhandled rejection', async () => {
  const { client, server } = await filled()
  const entries = client.range()
  await entries.next()
  server.handle = ({ id }, from) => from.answer(id, new KvError('KV_CORRUPT_RECORD', 'bad'))
  for (let index = 0; index < 5; index++) await entries.next()
  await expect(client.ping()).rejects.toMatchObject({ code: 'KV_CORRUPT_RECORD' })
  // Node looks for rejections that nobody handles at the end of a turn.
  await new Promise(setImmediate)
  await entries.return()
})

test('a signal ends it', async () => {
  const { client } = await filled()
  const abort = new AbortController()
  const reading = (async () => {
    for await (const { key } of client.range({ signal: abort.signal })) {
      if (key.toString() === 'k02') abort.abort()
    }
  })()
  await expect(reading).rejects.toMatchObject({ code: 'KV_CANCELLED' })
})
