import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { DataFile } from './data-file.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { logOrigin } from './frame.ts'
import { keyText } from './key-text.ts'
import { Keydir } from './keydir/keydir.ts'
import type { Location } from './keydir/location.ts'
import { loadKeydirImage, writeKeydirImage } from './keydir-image-file.ts'
import { Store } from './store.ts'

type Model = Map<string, Location>

const basis = { manifestCrc: 7, logEnd: { index: 9, chain: 8 } }
const file = DataFile.log(logOrigin, 'active', 64)
const imageFiles = [{ slot: 3, path: file.path, liveBytes: 10, liveRecords: 2 }]

test('a keydir that was loaded goes on as the one that was written', async () => {
  const key = fc.nat(300).map((n) => Buffer.from(n % 7 === 0 ? `${n}`.repeat(200) : `${n}`))
  const change = fc.record({ key, isSet: fc.boolean(), expires: fc.boolean() })
  const changes = fc.array(change, { maxLength: 2_000, size: 'max' })
  await fc.assert(
    fc.asyncProperty(changes, changes, async (before, behind) => {
      const keydir = new Keydir()
      const model: Model = new Map()
      apply(keydir, model, before, 1)
      const disk = await written(keydir)
      const loaded = (await load(disk))!
      expect(loaded.files).toEqual(imageFiles)
      expectSame(loaded.keydir, model)
      expect(loaded.keydir.memory).toEqual(keydir.memory)
      apply(loaded.keydir, model, behind, 10_000)
      expectSame(loaded.keydir, model)
    }),
    { numRuns: 50 },
  )
})

test('an image with any bit turned, or cut anywhere, is none', async () => {
  const keydir = new Keydir()
  apply(keydir, new Map(), [{ key: Buffer.from('a'), isSet: true, expires: false }], 1)
  const disk = await written(keydir)
  expect(await load(disk)).toBeDefined()
  const bytes = Buffer.from(disk.files().get('/keydir.image')!)
  for (let at = 0; at < bytes.length; at += at < 300 || at > bytes.length - 900 ? 1 : 211) {
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 1 << (at % 8)
    expect(await load(diskWith(damaged))).toBeUndefined()
    expect(await load(diskWith(bytes.subarray(0, at)))).toBeUndefined()
  }
})

test('an image of another state is none', async () => {
  const disk = await written(new Keydir())
  const { logEnd } = basis
  for (const other of [
    { ...basis, manifestCrc: 6 },
    { ...basis, logEnd: { ...logEnd, index: 10 } },
    { ...basis, logEnd: { ...logEnd, chain: 7 } },
  ]) {
    expect(await loadKeydirImage(disk, '', other, [file])).toBeUndefined()
  }
  expect(await loadKeydirImage(disk, '', basis, [])).toBeUndefined()
  const another = DataFile.log({ ...logOrigin, index: 5 }, 'active', 64)
  expect(await loadKeydirImage(disk, '', basis, [another])).toBeUndefined()
  expect(await loadKeydirImage(disk, '', basis, [file, another])).toBeUndefined()
})

test('a store that was closed opens from its image, one that was written to since does not', async () => {
  const disk = new SimFileSystem()
  const options = { fileSystem: disk, segmentBytes: 512, autoMerge: false }
  {
    await using store = await Store.open('/db', options)
    for (let write = 0; write < 50; write++) await store.put(`key ${write % 20}`, `${write}`)
    await store.merge()
    for (let write = 50; write < 80; write++) await store.put(`key ${write % 20}`, `${write}`)
    using snapshot = store.snapshot()
    await store.put('key 3', '80')
    expect((await snapshot.get('key 3'))?.value.toString()).toBe('63')
  }
  {
    await using store = await Store.open('/db', options)
    expect(store.stats().recovery.fromImage).toBe(true)
    expect(await contentOf(store)).toEqual(expected(80).sort())
    const { liveBytes, deadBytes } = store.stats().files
    const killed = await Store.open('/db', { ...options, fileSystem: disk.clone() })
    expect(killed.stats().recovery.fromImage).toBe(true)
    await killed.close()
    await store.put('key 5', '85')
    await using behind = await Store.open('/db', { ...options, fileSystem: disk.clone() })
    expect(behind.stats().recovery.fromImage).toBe(false)
    expect(await contentOf(behind)).toEqual(expected(80).with(5, 'key 5=85').sort())
    expect(behind.stats().files.liveBytes).toBe(liveBytes)
    expect(behind.stats().files.deadBytes).toBeGreaterThan(deadBytes)
  }
  await using store = await Store.open('/db', options)
  expect(store.stats().recovery.fromImage).toBe(true)
  // No write, and still another state.
  await store.merge()
  await store.close()
  await using merged = await Store.open('/db', options)
  expect(merged.stats().recovery.fromImage).toBe(true)
  expect(await contentOf(merged)).toEqual(expected(80).with(5, 'key 5=85').sort())
})

test('a disk without room to spare gets no image', async () => {
  const disk = new SimFileSystem()
  disk.free = { bytes: 1_000, totalBytes: 100_000, files: 1_000 }
  const options = { fileSystem: disk, diskReserveBytes: 500 }
  {
    await using store = await Store.open('/db', options)
    await store.put('a', '1')
  }
  expect(await disk.readDirectory('/db')).not.toContain('keydir.image')
  await using store = await Store.open('/db', options)
  expect(store.stats().recovery.fromImage).toBe(false)
})

interface Change {
  readonly key: Buffer
  readonly isSet: boolean
  readonly expires: boolean
}

function apply(keydir: Keydir, model: Model, changes: readonly Change[], firstIndex: number): void {
  for (const [place, { key, isSet, expires }] of changes.entries()) {
    const index = firstIndex + place
    if (isSet) {
      const expiresAt = expires ? 2 ** 45 + place : 0
      const location = { slot: 3, offset: place * 3, size: place + 100, index, expiresAt }
      keydir.set(key, 0, key.length, location)
      model.set(keyText(key), location)
    } else {
      keydir.remove(key, 0, key.length, index)
      model.delete(keyText(key))
    }
  }
}

function expectSame(keydir: Keydir, model: Model): void {
  const seen: [string, Location][] = []
  keydir.scan({}, false, (key, location) => {
    expect(keydir.lookup(key)).toEqual(location)
    return seen.push([keyText(key), location]) > 0
  })
  expect(seen).toEqual([...model].sort(([a], [b]) => (a < b ? -1 : 1)))
  expect(keydir.size).toBe(model.size)
}

async function written(keydir: Keydir): Promise<SimFileSystem> {
  const disk = new SimFileSystem()
  await writeKeydirImage(disk, '', basis, imageFiles, keydir.image())
  return disk
}

function diskWith(image: Buffer): SimFileSystem {
  const disk = new SimFileSystem()
  disk.poke('/keydir.image', image)
  return disk
}

function load(disk: SimFileSystem): ReturnType<typeof loadKeydirImage> {
  return loadKeydirImage(disk, '', basis, [file])
}

async function contentOf(store: Store): Promise<string[]> {
  const texts: string[] = []
  for await (const { key, value } of store.range()) {
    texts.push(`${key.toString()}=${value.toString()}`)
  }
  return texts.sort()
}

/** What the first test's writes leave. */
function expected(lastOfKey3: number): string[] {
  return Array.from({ length: 20 }, (_, key) => `key ${key}=${key === 3 ? lastOfKey3 : 60 + key}`)
}
