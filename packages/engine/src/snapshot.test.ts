import { expect, test } from 'vitest'
import { TestClock } from '../test/test-clock.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import type { StoreOptions } from './options.ts'
import type { Snapshot } from './snapshot.ts'
import { Store } from './store.ts'

const expired = { code: 'KV_CURSOR_EXPIRED', outcome: 'not-applied' }

test('shows the store as it was, to every kind of read', async () => {
  await using store = await open()
  await store.put('a', '1')
  await store.put('b', '1')
  await store.put('c', '1')
  using snapshot = store.snapshot()
  expect(snapshot.version).toBe(3)
  await store.put('a', '2')
  await store.delete('b')
  await store.put('d', '2')
  expect((await snapshot.get('a'))?.value.toString()).toBe('1')
  expect((await snapshot.get('b'))?.version).toBe(2)
  expect(await snapshot.get('d')).toBeUndefined()
  expect(await textsOf(snapshot)).toEqual(['a=1', 'b=1', 'c=1'])
  expect(await textsOf(snapshot, true)).toEqual(['c=1', 'b=1', 'a=1'])
  expect(await snapshot.count()).toBe(3)
  expect(await snapshot.count({ gt: 'a' })).toBe(2)
  const many = await snapshot.getMany(['d', 'b'])
  expect(many.map((found) => found?.version)).toEqual([undefined, 2])
  const page = await snapshot.page({ limit: 2, bytesMax: 100 })
  expect([page.entries.length, page.more]).toEqual([2, true])
  expect(await store.count()).toBe(3)
})

test('keeps the files that a merge has replaced until it is closed', async () => {
  const disk = new SimFileSystem()
  await using store = await open({ fileSystem: disk, segmentBytes: 256 })
  for (let write = 0; write < 40; write++) await store.put(`key ${write % 10}`, `${write}`)
  const snapshot = store.snapshot()
  for (let write = 40; write < 80; write++) await store.put(`key ${write % 10}`, `${write}`)
  for (let merges = 0; merges < 3; merges++) {
    await store.put('more', `${merges}`)
    await store.merge()
  }
  const bytes = directoryBytes(store)
  const texts = Array.from({ length: 10 }, (_, key) => `key ${key}=${30 + key}`)
  expect(await textsOf(snapshot)).toEqual(texts)
  expect(await textsOf(snapshot)).toEqual(texts)
  const files = await fileNames(disk)
  snapshot.close()
  await turns()
  expect((await fileNames(disk)).length).toBeLessThan(files.length)
  expect(directoryBytes(store)).toBe(bytes)
  expect(await store.count()).toBe(11)
})

test('a merge that began before the snapshot takes nothing from it', async () => {
  await using store = await open({ segmentBytes: 256 })
  for (let write = 0; write < 40; write++) await store.put(`key ${write % 10}`, `${write}`)
  const merge = store.merge()
  await Promise.resolve()
  using snapshot = store.snapshot()
  for (let write = 40; write < 60; write++) await store.put(`key ${write % 10}`, `${write}`)
  await merge
  await store.merge()
  const texts = Array.from({ length: 10 }, (_, key) => `key ${key}=${30 + key}`)
  expect(await textsOf(snapshot)).toEqual(texts)
})

test('what is closed is closed', async () => {
  const store = await open()
  await store.put('a', '1')
  const snapshot = store.snapshot()
  snapshot.close()
  snapshot.close()
  const closed = { code: 'KV_CLOSED', message: expect.stringContaining('snapshot is closed') }
  await expect(snapshot.get('a')).rejects.toMatchObject(closed)
  await expect(snapshot.range().next()).rejects.toMatchObject(closed)
  await expect(snapshot.count()).rejects.toMatchObject(closed)
  const left = store.snapshot()
  await store.close()
  const message = expect.stringContaining('store is closed')
  await expect(left.get('a')).rejects.toMatchObject({ code: 'KV_CLOSED', message })
  left.close()
})

test('one that is not used expires, and lets everything go', async () => {
  const clock = new TestClock()
  await using store = await open({ clock, snapshotIdleMs: 1_000 })
  await store.put('a', '1')
  const idle = store.snapshot()
  const range = store.range()
  await range.next()
  clock.advance(600)
  const used = store.snapshot()
  await store.put('a', '2')
  expect(store.stats().snapshots.keptBytes).toBeGreaterThan(0)
  clock.advance(600)
  await expect(idle.get('a')).rejects.toMatchObject(expired)
  expect((await used.get('a'))?.value.toString()).toBe('1')
  expect(store.stats().snapshots).toMatchObject({ open: 1, expired: 1 })
  clock.advance(999)
  expect((await used.get('a'))?.value.toString()).toBe('1')
  clock.advance(1_000)
  await expect(used.get('a')).rejects.toMatchObject(expired)
  await turns()
  expect(store.stats().snapshots).toEqual({ open: 0, expired: 2, keptBytes: 0 })
})

test('a range that is left lying expires, one that is walked on does not', async () => {
  const clock = new TestClock()
  await using store = await open({ clock, snapshotIdleMs: 1_000 })
  const keys = Array.from({ length: 600 }, (_, place) => `${place}`)
  await store.batch(keys.map((key) => ({ type: 'put', key, value: '1' })))
  let seen = 0
  for await (const _ of store.range()) if (++seen % 200 === 0) clock.advance(900)
  expect(seen).toBe(600)
  const range = store.range()
  await range.next()
  clock.advance(1_001)
  await expect(drain(range)).rejects.toMatchObject(expired)
  expect(await range.next()).toEqual({ done: true, value: undefined })
})

test('the oldest expires when too much is overwritten behind it', async () => {
  await using store = await open({ snapshotMemoryBytesMax: 10_000, segmentBytes: 4_096 })
  const write = async (value: string): Promise<void> => {
    for (let key = 0; key < 100; key++) await store.put(`key ${key}`, value)
  }
  await write('0')
  const oldest = store.snapshot()
  await write('1')
  expect(await oldest.count()).toBe(100)
  const newer = store.snapshot()
  await write('2')
  await expect(oldest.get('key 1')).rejects.toMatchObject(expired)
  expect((await newer.get('key 1'))?.value.toString()).toBe('1')
  expect(store.stats().snapshots).toMatchObject({ open: 1, expired: 1 })
  await turns()
  const { keptBytes } = store.stats().snapshots
  expect(keptBytes).toBeGreaterThan(0)
  expect(keptBytes).toBeLessThanOrEqual(10_000)
})

test('shows what expires behind it, and not what had expired', async () => {
  const clock = new TestClock()
  await using store = await open({ clock })
  await store.put('a', '1', { ttlMs: 10 })
  await store.put('b', '1', { ttlMs: 30 })
  clock.advance(20)
  using snapshot = store.snapshot()
  clock.advance(20)
  expect(await textsOf(snapshot)).toEqual(['b=1'])
  expect(await snapshot.count()).toBe(1)
  expect(await snapshot.get('a')).toBeUndefined()
  expect(await store.get('b')).toBeUndefined()
  expect(await store.count()).toBe(0)
})

test('a count is of one moment, however long it takes', async () => {
  await using store = await open()
  const keys = Array.from({ length: 20_000 }, (_, place) => String(place).padStart(5, '0'))
  for (let from = 0; from < keys.length; from += 5_000) {
    const puts = keys.slice(from, from + 5_000)
    await store.batch(puts.map((key) => ({ type: 'put', key, value: '' })))
  }
  const count = store.count()
  const { deleted } = await store.deleteRange({ gte: '00100' })
  expect([await count, deleted]).toEqual([20_000, 19_900])
  expect(await store.count()).toBe(100)
  expect(store.stats().snapshots.open).toBe(0)
})

function open(options: StoreOptions = {}): Promise<Store> {
  return Store.open('/db', {
    fileSystem: new SimFileSystem(),
    clock: new TestClock(),
    autoMerge: false,
    ...options,
  })
}

async function textsOf(snapshot: Snapshot, reverse = false): Promise<string[]> {
  const texts: string[] = []
  for await (const { key, value } of snapshot.range({ reverse })) {
    texts.push(`${key.toString()}=${value.toString()}`)
  }
  return texts
}

async function drain(range: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of range);
}

function directoryBytes(store: Store): number {
  return store.stats().files.bytes
}

async function fileNames(disk: SimFileSystem): Promise<readonly string[]> {
  return [...(await disk.readDirectory('/db/log')), ...(await disk.readDirectory('/db/data'))]
}

/** What goes on behind a call that has returned. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
}
