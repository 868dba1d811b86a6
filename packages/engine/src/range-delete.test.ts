import { expect, test } from 'vitest'
import { TestClock } from '../test/test-clock.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import type { StoreOptions } from './options.ts'
import { Store } from './store.ts'

test('keeps to the bounds it was called with, whatever becomes of their buffers', async () => {
  await using store = await filled(5_000, { fileSystem: new SimFileSystem() })
  const [gte, lt] = [Buffer.from('1000'), Buffer.from('4000')]
  const deleting = store.deleteRange({ gte, lt })
  const counting = store.count({ gte, lt })
  for (const bound of [gte, lt]) bound.fill('9')
  expect((await deleting).deleted).toBe(3_000)
  expect(await counting).toBe(3_000)
  expect(await store.count({ gte: '4000' })).toBe(1_000)
})

test('removes what is inside the bounds, and nothing else, also behind a restart', async () => {
  const fileSystem = new SimFileSystem()
  {
    await using store = await filled(3_000, { fileSystem, segmentBytes: 16_384 })
    const { deleted, version, durability } = await store.deleteRange({ gte: '0100', lt: '2900' })
    expect({ deleted, version, durability }).toEqual({
      deleted: 2_800,
      version: 5_800,
      durability: 'synced',
    })
    expect(await store.count()).toBe(200)
    expect(await store.deleteRange({ gte: '0100', lt: '2900' })).toEqual({
      deleted: 0,
      version: undefined,
      durability: 'synced',
    })
    expect(store.appliedIndex).toBe(5_800)
    await store.merge()
  }
  await using store = await open({ fileSystem })
  expect(await store.count()).toBe(200)
  expect(await store.count({ prefix: '00' })).toBe(100)
})

test('every key goes only when it is said so', async () => {
  await using store = await filled(10)
  await expect(store.deleteRange({})).rejects.toThrow(/wants a bound.*prefix: ''/)
  expect(await store.count()).toBe(10)
  expect((await store.deleteRange({ prefix: '' })).deleted).toBe(10)
  expect(await store.count()).toBe(0)
})

test('what is written behind its start stays, what was written before goes', async () => {
  await using store = await filled(3_000)
  const before = store.put('0000 before', '')
  const deletion = store.deleteRange({ prefix: '' })
  const behind = store.put('0001', 'new')
  await before
  await store.delete('2999')
  const { deleted } = await deletion
  await behind
  // 2,999 of those loaded, without 0001, and what was being written; 2999 may have gone before.
  expect([2_999, 3_000]).toContain(deleted)
  const left: string[] = []
  for await (const { key } of store.range()) left.push(key.toString())
  expect(left).toEqual(['0001'])
})

test('what has expired is not counted', async () => {
  const clock = new TestClock()
  await using store = await open({ clock })
  await store.put('a', '', { ttlMs: 10 })
  await store.put('b', '')
  clock.advance(20)
  expect((await store.deleteRange({ prefix: '' })).deleted).toBe(1)
})

test('reaches the disk when that is wished', async () => {
  const fileSystem = new SimFileSystem()
  await using store = await filled(10, { fileSystem, durability: 'never' })
  expect((await store.deleteRange({ gt: '0004' })).durability).toBe('written')
  const { durability } = await store.deleteRange({ gt: '0003', durability: 'synced' })
  expect(durability).toBe('synced')
  await using left = await open({ fileSystem: fileSystem.crash({ data: 'none', names: 'kept' }) })
  expect(await left.count()).toBe(4)
})

test('a disk that fails half way is told with what was done', async () => {
  const fileSystem = new SimFileSystem()
  const store = await filled(3_000, { fileSystem })
  let writes = 0
  fileSystem.failAt({
    at: ({ kind, path }) => kind === 'write' && path.startsWith('/db/log/') && ++writes === 2,
    code: 'EIO',
    sticky: true,
  })
  await expect(store.deleteRange({ prefix: '' })).rejects.toMatchObject({
    code: 'KV_STORAGE_FAILED',
    details: { deleted: 1_024 },
    message: expect.stringMatching(/^1024 keys were deleted/),
  })
  await store.close().catch(() => undefined)
})

test('waits where more is being written than may be', async () => {
  await using store = await filled(3_000, { pendingBytesMax: 64 * 1024, durability: 'never' })
  const value = Buffer.alloc(100_000)
  const puts = [store.put('x', value)]
  const deletion = store.deleteRange({ lt: 'x' })
  for (let put = 0; put < 50; put++) {
    puts.push(store.put(`x${put}`, value))
    await Promise.resolve()
  }
  expect((await deletion).deleted).toBe(3_000)
  await Promise.allSettled(puts)
})

function open(options: StoreOptions = {}): Promise<Store> {
  const fileSystem = new SimFileSystem()
  return Store.open('/db', { fileSystem, clock: new TestClock(), autoMerge: false, ...options })
}

/** With keys 0000, 0001, .. */
async function filled(keys: number, options: StoreOptions = {}): Promise<Store> {
  const store = await open(options)
  const puts = Array.from({ length: keys }, (_, place) => String(place).padStart(4, '0'))
  await store.batch(puts.map((key) => ({ type: 'put', key, value: 'x' })))
  return store
}
