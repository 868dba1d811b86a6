import { expect, test } from 'vitest'
import { careStoreOptions, closedStore, damage, putLetters } from '../../test/care-store.ts'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import { Store } from '../store.ts'

test('a sound store that goes on is sound', async () => {
  const disk = new SimFileSystem()
  await using store = await Store.open('/db', careStoreOptions(disk))
  await putLetters(store, 'abc')
  const writes = putLetters(store, 'defghij')
  const report = await store.verify()
  await writes
  expect(report.problems).toEqual([])
  expect(report.records).toBeGreaterThanOrEqual(3)
  expect((await store.verify()).records).toBe(10)
})

test('the active segment is checked up to where it ended at the call', async () => {
  const disk = new SimFileSystem()
  await using store = await Store.open('/db', { ...careStoreOptions(disk), segmentBytes: 100_000 })
  await store.put('a', '1')
  const verified = store.verify()
  const written = store.put('b', '2')
  expect(await verified).toMatchObject({ records: 1, problems: [] })
  await written
})

test('damage is found while the store is open, in each kind of file', async () => {
  for (const [path, at] of [
    ['/db/data/0000000000000001.data', 150],
    ['/db/log/0000000000000003.data', 150],
    ['/db/log/0000000000000004.data', 110],
  ] as const) {
    const disk = await closedStore(async (store) => {
      await putLetters(store, 'ab')
      await store.merge()
      await putLetters(store, 'c')
      await store.put('d', 'active')
    })
    await using store = await Store.open('/db', careStoreOptions(disk))
    expect((await store.verify()).problems).toEqual([])
    damage(disk, path, (bytes) => void (bytes[at]! ^= 1))
    expect((await store.verify()).problems).toEqual([
      expect.objectContaining({ path: path.slice('/db/'.length), severity: 'corruption' }),
    ])
  }
})

test('what a merge replaces meanwhile is left out, and its outputs are checked', async () => {
  const disk = new SimFileSystem()
  await using store = await Store.open('/db', careStoreOptions(disk))
  await putLetters(store, 'abcabcabc')
  let merged: Promise<unknown> | undefined
  const report = await store.verify({
    onProgress: ({ path }) => {
      if (path.startsWith('log/')) merged ??= store.merge()
    },
  })
  await merged
  expect(merged).toBeDefined()
  expect(report.problems).toEqual([])
  expect(store.stats().files.mergeOutputs).toBeGreaterThan(0)
})

test('a file that is being read stays until it is read', async () => {
  const disk = new SimFileSystem()
  await using store = await Store.open('/db', careStoreOptions(disk))
  await putLetters(store, 'aab')
  const first = '/db/log/0000000000000001.data'
  let wasThere: boolean | undefined
  let merged: Promise<unknown> | undefined
  await store.verify({
    onProgress: ({ path }) => {
      if (path === 'log/0000000000000001.data') merged ??= store.merge()
      if (merged !== undefined) wasThere ??= disk.files().has(first)
    },
  })
  await merged
  expect(wasThere).toBe(true)
  expect(disk.files().has(first)).toBe(false)
})

test('a file that has gone is a problem', async () => {
  const disk = await closedStore(async (store) => {
    await putLetters(store, 'ab')
    await store.merge()
  })
  await using store = await Store.open('/db', careStoreOptions(disk))
  await disk.unlink('/db/data/0000000000000001.data')
  expect((await store.verify()).problems).toContainEqual({
    path: 'data/0000000000000001.data',
    offset: 0,
    what: 'it cannot be opened (ENOENT)',
    severity: 'corruption',
  })
})

test('a signal ends it, and so does the end of the store', async () => {
  const disk = new SimFileSystem()
  const store = await Store.open('/db', careStoreOptions(disk))
  await putLetters(store, 'abc')
  const stop = new AbortController()
  const stopped = store.verify({
    signal: stop.signal,
    onProgress: () => stop.abort(new Error('x')),
  })
  await expect(stopped).rejects.toThrow('x')
  let closed: Promise<void> | undefined
  const interrupted = store.verify({
    onProgress: () => {
      closed ??= store.close()
    },
  })
  await expect(interrupted).rejects.toMatchObject({ code: 'KV_CLOSED' })
  await closed
  await expect(store.verify()).rejects.toMatchObject({ code: 'KV_CLOSED' })
  expect(disk.openFiles).toBe(0)
})

test('a rate that is none is refused', async () => {
  await using store = await Store.open('/db', careStoreOptions(new SimFileSystem()))
  await expect(store.verify({ bytesPerSecondMax: 0 })).rejects.toThrow(RangeError)
})
