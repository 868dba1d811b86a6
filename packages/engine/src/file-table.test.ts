import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import type { ReadableFile } from './file-system/file-system.ts'
import { SeededRandom } from './file-system/seeded-random.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import type { StoreOptions } from './options.ts'
import { Store } from './store.ts'

const options = { segmentBytes: 256, openFilesMax: 4, autoMerge: false }
/** The active segment, the one being sealed and its hint, and the marks are open beside those in the table. */
const besides = 4

test('a store that is only written to keeps no more files open than it may', async () => {
  const disk = new SimFileSystem()
  await using store = await Store.open('/db', { ...options, fileSystem: disk })
  for (let write = 0; write < 200; write++) await store.put(`key ${write}`, 'x'.repeat(100))
  await store.merge()
  expect(store.stats().files.mergeOutputs).toBeGreaterThan(20)
  expect(disk.openFiles).toBeLessThanOrEqual(options.openFilesMax + besides)
})

test('a store with more segments than descriptors opens', async () => {
  const disk = new SimFileSystem()
  {
    await using store = await Store.open('/db', { ...options, fileSystem: disk })
    for (let write = 0; write < 200; write++) await store.put(`key ${write}`, 'x'.repeat(100))
    while (store.stats().files.unsealedSegments > 0) await systemClock.nextTurn()
  }
  const left = disk.clone()
  left.failAt({
    at: ({ kind }) => kind === 'open' && left.openFiles > 45,
    code: 'EMFILE',
    sticky: true,
  })
  await using store = await Store.open('/db', { ...options, fileSystem: left })
  expect(store.stats().keys).toBe(200)
  expect(store.stats().files.logSegments).toBeGreaterThan(90)
  expect(left.faultsInjected).toBe(0)
})

test('many reads of many files at once keep no more files open than they may', async () => {
  const disk = new SimFileSystem()
  await using store = await storeOfManySegments(disk)
  let openMax = 0
  disk.failAt({
    at: () => {
      openMax = Math.max(openMax, disk.openFiles)
      return false
    },
    code: 'EIO',
  })
  const keys = Array.from({ length: 200 }, (_, write) => `key ${write}`)
  const found = await Promise.all(keys.map((key) => store.get(key)))
  expect(found.map((value) => value?.value.length)).toEqual(keys.map(() => 100))
  expect(await store.getMany(keys)).toHaveLength(keys.length)
  expect(openMax).toBeGreaterThanOrEqual(options.openFilesMax)
  expect(openMax).toBeLessThanOrEqual(options.openFilesMax + besides)
})

test('reads go on while files that wait for their footer take all descriptors there are', async () => {
  const disk = new SimFileSystem()
  await using store = await storeOfManySegments(disk)
  disk.failAt({
    at: ({ kind, bytes, path }) => kind === 'write' && bytes === 64 && path.endsWith('.data'),
    code: 'ENOSPC',
    sticky: true,
  })
  for (let write = 200; write < 220; write++) await store.put(`key ${write}`, 'x'.repeat(100))
  while (store.stats().files.unsealedSegments < 2 * options.openFilesMax) {
    await systemClock.nextTurn()
  }
  const keys = Array.from({ length: 200 }, (_, write) => `key ${write}`)
  expect(await Promise.all(keys.map((key) => store.get(key)))).not.toContain(undefined)
  disk.clearFaults()
})

test('without a free descriptor, what is kept open for later makes room for reads and for the log', async () => {
  const disk = new SimFileSystem()
  await using store = await storeOfManySegments(disk, { openFilesMax: 64, cacheBytesMax: 0 })
  for (let write = 0; write < 100; write++) await store.get(`key ${write}`)
  const limit = disk.openFiles - 10
  expect(limit).toBeGreaterThan(40)
  disk.failAt({
    at: ({ kind }) =>
      (kind === 'open' || kind === 'create' || kind === 'syncDirectory') && disk.openFiles >= limit,
    code: 'EMFILE',
    sticky: true,
  })
  for (let write = 100; write < 200; write++) await store.get(`key ${write}`)
  expect(disk.faultsInjected).toBeGreaterThan(0)
  const before = disk.faultsInjected
  for (let write = 200; write < 300; write++) await store.put(`key ${write}`, 'x'.repeat(100))
  expect(disk.faultsInjected).toBeGreaterThan(before)
  // The merge has a table of its own, for which that of the store makes room when it has failed.
  for (let key = 0; key < 200; key++) await store.get(`key ${key}`)
  await expect(store.merge()).rejects.toMatchObject({ code: 'KV_TRY_LATER' })
  expect(await store.merge()).toMatchObject({ liveRecords: 300 })
  disk.clearFaults()
})

test('a read that finds no descriptor at all is refused, and the next one is not', async () => {
  const disk = new SimFileSystem()
  await using store = await storeOfManySegments(disk)
  disk.failAt({ at: ({ kind }) => kind === 'open', code: 'EMFILE', sticky: true })
  for (let again = 0; again < 2 * options.openFilesMax; again++) {
    await expect(store.get('key 0')).rejects.toMatchObject({
      code: 'KV_TRY_LATER',
      details: { retryAfterMs: 50 },
    })
  }
  disk.clearFaults()
  expect(await store.get('key 0')).toBeDefined()
})

async function storeOfManySegments(
  fileSystem: SimFileSystem,
  more: StoreOptions = {},
): Promise<Store> {
  {
    await using store = await Store.open('/db', { ...options, fileSystem })
    for (let write = 0; write < 200; write++) await store.put(`key ${write}`, 'x'.repeat(100))
  }
  const store = await Store.open('/db', { ...options, ...more, fileSystem })
  while (store.stats().files.unsealedSegments > 0) await systemClock.nextTurn()
  return store
}

test('reads at once that find too few descriptors end, each with its value or to be tried again', async () => {
  const disk = new UnevenFileSystem()
  await using store = await storeOfManySegments(disk, { openFilesMax: 64, cacheBytesMax: 0 })
  for (let round = 0; round < 400; round++) {
    // Nothing is open but what is written to.
    disk.failAt({ at: ({ kind }) => kind === 'open', code: 'EMFILE', sticky: true })
    for (const key of ['key 3', 'key 5']) await store.get(key).catch(() => undefined)
    expect(store.stats().files.open).toBe(1)
    disk.clearFaults()
    const spare = round % 4
    const limit = disk.openFiles + spare
    disk.failAt({
      at: ({ kind }) => kind === 'open' && disk.openFiles >= limit,
      code: 'EMFILE',
      sticky: true,
    })
    const codes = await Promise.all(
      Array.from({ length: 2 + (round % 5) }, (_, read) =>
        store.get(`key ${read * 6}`).then(
          () => 'found',
          (error: { code: string }) => error.code,
        ),
      ),
    )
    expect(new Set(codes)).toEqual(new Set([spare === 0 ? 'KV_TRY_LATER' : 'found']))
    disk.clearFaults()
  }
})

/** Takes longer for some opens than for others, as a disk does. */
class UnevenFileSystem extends SimFileSystem {
  readonly #random = new SeededRandom(1)

  override async openForReading(path: string): Promise<ReadableFile> {
    for (let turns = this.#random.below(8); turns > 0; turns--) await Promise.resolve()
    return super.openForReading(path)
  }
}
