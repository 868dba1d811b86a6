import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import type { ReadableFile, WritableFile } from './file-system/file-system.ts'
import { SeededRandom } from './file-system/seeded-random.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import type { StoreOptions } from './options.ts'
import { segmentFooterBytes } from './segment.ts'
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
    await sealed(store)
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
  const disk = new FootlessFileSystem()
  // No space is prepared: what is written behind the header is a frame or a footer.
  await using store = await storeOfManySegments(disk, { durability: 'never' })
  disk.isFull = true
  for (let write = 200; write < 240; write++) await store.put(`key ${write}`, 'x'.repeat(100))
  while (store.stats().files.unsealedSegments < 2 * options.openFilesMax) {
    await systemClock.nextTurn()
  }
  const keys = Array.from({ length: 240 }, (_, write) => `key ${write}`)
  expect(await Promise.all(keys.map((key) => store.get(key)))).not.toContain(undefined)
  expect(disk.refused).toBeGreaterThanOrEqual(2 * options.openFilesMax)
  expect(store.stats().files.unsealedSegments).toBeGreaterThanOrEqual(2 * options.openFilesMax)
  disk.isFull = false
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
  for (let write = 200; write < 300; write++) {
    await store.put(`key ${write}`, 'x'.repeat(100))
    // What waits for its footer has a descriptor that cannot make room.
    await sealed(store)
  }
  expect(disk.faultsInjected).toBeGreaterThan(before)
  // The hints, which make room for themselves.
  await atRest(disk)
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
  await sealed(store)
  return store
}

async function sealed(store: Store): Promise<void> {
  while (store.stats().files.unsealedSegments > 0) await systemClock.nextTurn()
}

/** Resolves once nothing in the background asks anything of the disk. */
async function atRest(disk: SimFileSystem): Promise<void> {
  const operations = disk.record()
  for (let count = -1; operations.length !== count; ) {
    count = operations.length
    for (let turn = 0; turn < 20; turn++) await systemClock.nextTurn()
  }
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

/** Has no room for the footers of segments made by it, once it is full. */
class FootlessFileSystem extends SimFileSystem {
  isFull = false
  refused = 0

  override async createFile(path: string): Promise<WritableFile> {
    const file = await super.createFile(path)
    const write = file.write.bind(file)
    file.write = (bytes, position) => {
      const isFooter = position > 0 && bytes.length === segmentFooterBytes
      if (!this.isFull || !isFooter) return write(bytes, position)
      this.refused++
      return Promise.reject(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }))
    }
    return file
  }
}
