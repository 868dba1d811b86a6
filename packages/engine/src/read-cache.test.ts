import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { blockBytes, cachedRecordBytesMax, ReadCache } from './read-cache.ts'
import { Store } from './store.ts'

const kibi = 1024

/** What stands at a place of a file, different in every block. */
function contentOf(file: number, offset: number, size: number): Buffer {
  return Buffer.from(
    Array.from({ length: size }, (_, at) => (file * 31 + (offset + at) * 7) & 0xff),
  )
}

test('gives what was filled in, or nothing', () => {
  const block = fc.record({ file: fc.integer({ min: 1, max: 3 }), block: fc.nat(40) })
  const record = fc.record({
    file: fc.integer({ min: 1, max: 3 }),
    offset: fc.nat(40 * blockBytes),
    size: fc.integer({ min: 1, max: cachedRecordBytesMax + 1 }),
  })
  let found = 0
  fc.assert(
    fc.property(fc.array(fc.oneof(block, record), { size: 'large' }), (steps) => {
      const cache = new ReadCache(64 * kibi)
      for (const step of steps) {
        const { file } = step
        if ('block' in step) {
          const offset = step.block * blockBytes
          cache.fill(file, offset, contentOf(file, offset, blockBytes))
          expect(cache.copy(file, offset, 5)).toEqual(contentOf(file, offset, 5))
          continue
        }
        const copy = cache.copy(file, step.offset, step.size)
        if (copy === undefined) continue
        found++
        // Byte by byte, toEqual would take most of the time.
        expect(copy.equals(contentOf(file, step.offset, step.size))).toBe(true)
      }
      expect(cache.stats.bytes).toBeLessThanOrEqual(cache.stats.bytesMax)
    }),
  )
  expect(found).toBeGreaterThan(100)
})

test('behind the end of a file nothing is left of what stood in its place', () => {
  const cache = new ReadCache(32 * kibi)
  for (let block = 0; block < 8; block++) {
    cache.fill(1, block * blockBytes, Buffer.alloc(blockBytes, 0xaa))
  }
  for (let file = 2; file <= 9; file++) cache.fill(file, 0, Buffer.alloc(100, 0xbb))
  for (let file = 2; file <= 9; file++) {
    expect(cache.copy(file, 90, 20)).toEqual(
      Buffer.concat([Buffer.alloc(10, 0xbb), Buffer.alloc(10)]),
    )
    expect(cache.copy(file, blockBytes - 20, 20)).toEqual(Buffer.alloc(20))
  }
})

test('a block that is asked for stays while others come and go', () => {
  const cache = new ReadCache(64 * kibi)
  cache.fill(1, 0, contentOf(1, 0, blockBytes))
  for (let block = 1; block < 1_000; block++) {
    expect(cache.copy(1, 0, 9)).toEqual(contentOf(1, 0, 9))
    cache.fill(1, block * blockBytes, contentOf(1, block * blockBytes, blockBytes))
  }
  expect(cache.stats).toMatchObject({ bytes: 64 * kibi, bytesMax: 64 * kibi, hits: 999 })
})

test('a record over two blocks is here when both are', () => {
  const cache = new ReadCache(64 * kibi)
  const offset = 3 * blockBytes - 10
  cache.fill(2, 2 * blockBytes, contentOf(2, 2 * blockBytes, blockBytes))
  expect(cache.copy(2, offset, 20)).toBeUndefined()
  cache.fill(2, 3 * blockBytes, contentOf(2, 3 * blockBytes, blockBytes))
  expect(cache.copy(2, offset, 20)).toEqual(contentOf(2, offset, 20))
})

test('without memory, nothing is wanted and nothing found', () => {
  const cache = new ReadCache(0)
  expect(cache.wants(10)).toBe(false)
  expect(cache.copy(1, 0, 10)).toBeUndefined()
  expect(cache.stats).toEqual({ bytesMax: 0, bytes: 0, hits: 0, misses: 0 })
})

describe('in a store', () => {
  const options = {
    segmentBytes: 16 * kibi,
    cacheBytesMax: 64 * kibi,
    durability: 'never',
  } as const

  test('what was overwritten, deleted and merged is not answered from it', async () => {
    await using store = await Store.open('/db', { ...options, fileSystem: new SimFileSystem() })
    const expected = new Map<string, string>()
    for (let round = 0; round < 40; round++) {
      for (let key = 0; key < 60; key++) {
        const value = `${round} of ${key} `.repeat(1 + ((round + key) % 9))
        await store.put(`key ${key}`, value)
        expected.set(`key ${key}`, value)
      }
      await store.delete(`key ${round}`)
      expected.delete(`key ${round}`)
      if (round % 10 === 9) await store.merge()
      for (let key = 0; key < 60; key++) {
        const value = (await store.get(`key ${key}`))?.value.toString()
        expect(value).toBe(expected.get(`key ${key}`))
      }
    }
    expect(store.stats().cache.hits).toBeGreaterThan(1_000)
    expect(store.stats().cache.misses).toBeGreaterThan(50)
  })

  test('what is handed out is the own copy of its reader', async () => {
    await using store = await Store.open('/db', { ...options, fileSystem: new SimFileSystem() })
    for (let key = 0; key < 200; key++) await store.put(`key ${key}`, 'v'.repeat(40))
    for (let read = 0; read < 50; read++) {
      const found = await store.get('key 7')
      expect(found?.value.toString()).toBe('v'.repeat(40))
      found?.value.fill(0)
    }
    expect(store.stats().cache.hits).toBeGreaterThan(10)
  })

  test('damage on the disk is told, and a read that was damaged on its way is not kept', async () => {
    const disk = new SimFileSystem()
    await using store = await Store.open('/db', { ...options, autoMerge: false, fileSystem: disk })
    for (let key = 0; key < 100; key++) await store.put(`key ${key}`, 'v'.repeat(40))
    const segments = [...disk.files()].filter(([path]) => path.includes('/log/'))
    for (const [path, whole] of segments) disk.poke(path, Buffer.alloc(whole.length))
    for (let read = 0; read < 10; read++) {
      await expect(store.get('key 7')).rejects.toMatchObject({ code: 'KV_CORRUPT_RECORD' })
    }
    for (const [path, whole] of segments) disk.poke(path, whole)
    expect((await store.get('key 7'))?.value.toString()).toBe('v'.repeat(40))
  })
})
