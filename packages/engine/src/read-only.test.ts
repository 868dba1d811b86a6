import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TestClock } from '../test/test-clock.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import type { StoreOptions } from './options.ts'
import { Store } from './store.ts'

const reading = new Set(['open', 'read', 'readdir'])
const refusal = {
  name: 'KvError',
  code: 'KV_READ_ONLY',
  message:
    'the store is open for reading only; nothing was written; open the store without readOnly',
}

test('every read answers, every write is refused, and nothing but reads reaches the disk', async () => {
  const disk = new SimFileSystem()
  {
    await using store = await Store.open('/db', { fileSystem: disk, segmentBytes: 300 })
    for (let key = 0; key < 30; key++) await store.put(`k${key}`, `v${key}`)
    await store.delete('k7')
    await store.merge()
    await store.put('later', 'x')
  }
  const before = disk.files()
  const operations = disk.record()
  {
    await using store = await Store.open('/db', { fileSystem: disk, readOnly: true })
    expect(store.appliedIndex).toBe(32)
    expect((await store.get('k3'))?.value.toString()).toBe('v3')
    expect(await store.get('k7')).toBeUndefined()
    expect(await store.getMany(['later', 'k7'])).toEqual([
      { value: Buffer.from('x'), version: 32 },
      undefined,
    ])
    expect(await store.count()).toBe(30)
    const keys: string[] = []
    for await (const { key } of store.range({ prefix: 'k1' })) keys.push(key.toString())
    expect(keys).toHaveLength(11)
    using snapshot = store.snapshot()
    expect((await snapshot.get('later'))?.version).toBe(32)
    await expect(store.put('a', '1')).rejects.toMatchObject(refusal)
    await expect(store.delete('k3')).rejects.toMatchObject(refusal)
    await expect(store.delete('absent')).rejects.toMatchObject(refusal)
    await expect(store.batch([{ type: 'delete', key: 'k3' }])).rejects.toMatchObject(refusal)
    await expect(store.deleteRange({ prefix: 'k' })).rejects.toMatchObject(refusal)
    await expect(store.merge()).rejects.toMatchObject(refusal)
    expect(store.stats()).toMatchObject({ keys: 30, failed: false, recovery: { cutBytes: 0 } })
  }
  expect(operations.length).toBeGreaterThan(10)
  expect(operations.filter(({ kind }) => !reading.has(kind))).toEqual([])
  expect(disk.files()).toEqual(before)
  expect(disk.openFiles).toBe(0)
})

test('a key whose time is over is not there, and no tombstone is written for it', async () => {
  const disk = new SimFileSystem()
  const clock = new TestClock()
  const options = { fileSystem: disk, clock }
  {
    await using store = await Store.open('/db', options)
    await store.put('short', '1', { ttlMs: 1_000 })
    await store.put('long', '1', { ttlMs: 100_000 })
  }
  const before = disk.files()
  {
    await using store = await Store.open('/db', { ...options, readOnly: true })
    expect(await store.get('short')).toBeDefined()
    for (let second = 0; second < 5; second++) {
      clock.advance(1_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await store.get('short')).toBeUndefined()
    expect(await store.count()).toBe(1)
  }
  expect(disk.files()).toEqual(before)
})

test('what is no store is refused, and nothing is created', async () => {
  const disk = new SimFileSystem()
  const options: StoreOptions = { fileSystem: disk, readOnly: true }
  const noStore = {
    code: 'KV_BAD_REQUEST',
    message:
      '/db holds no store; nothing was created; name the directory of a store: only an open for writing creates one',
  }
  await expect(Store.open('/db', options)).rejects.toMatchObject(noStore)
  await expect(disk.readDirectory('/db')).rejects.toMatchObject({ code: 'ENOENT' })
  await disk.makeDirectory('/db')
  await expect(Store.open('/db', options)).rejects.toMatchObject(noStore)
  disk.poke('/db/other', Buffer.from('x'))
  await expect(Store.open('/db', options)).rejects.toMatchObject(noStore)
  expect([...disk.files().keys()]).toEqual(['/db/other'])

  const { fileSystem } = { fileSystem: new SimFileSystem() }
  await (await Store.open('/db', { fileSystem })).close()
  await fileSystem.unlink('/db/NODE')
  fileSystem.poke('/db/data/0000000000000001.data', Buffer.from('x'))
  await expect(Store.open('/db', { fileSystem, readOnly: true })).rejects.toMatchObject({
    code: 'KV_CORRUPT_STORE',
    details: { path: 'NODE' },
  })
})

test('it excludes a writer, and a writer excludes it', async () => {
  const fileSystem = new SimFileSystem()
  const writer = await Store.open('/db', { fileSystem })
  await expect(Store.open('/db', { fileSystem, readOnly: true })).rejects.toMatchObject({
    code: 'KV_LOCKED',
  })
  await writer.close()
  await using reader = await Store.open('/db', { fileSystem, readOnly: true })
  await expect(Store.open('/db', { fileSystem })).rejects.toMatchObject({ code: 'KV_LOCKED' })
  expect(reader.appliedIndex).toBe(0)
})

test('readOnly is true or false', async () => {
  await expect(Store.open('/db', { readOnly: 1 as unknown as boolean })).rejects.toThrow(
    'store option readOnly must be true or false, not 1',
  )
})

let root: string

beforeEach(async () => {
  root = await mkdtemp(`${tmpdir()}/kv-read-only-`)
})

afterEach(async () => {
  await setWritable(root, true)
  await rm(root, { recursive: true })
})

test('on this machine every name and byte is as before, while it is open but for its lock', async () => {
  const directory = `${root}/db`
  {
    await using store = await Store.open(directory)
    await store.put('a', '1')
  }
  const before = await pictureOf(directory)
  {
    await using store = await Store.open(directory, { readOnly: true })
    expect((await store.get('a'))?.value.toString()).toBe('1')
    await expect(Store.open(directory)).rejects.toMatchObject({ code: 'KV_LOCKED' })
    await expect(Store.open(directory, { readOnly: true })).rejects.toMatchObject({
      code: 'KV_LOCKED',
    })
  }
  expect(await pictureOf(directory)).toEqual(before)
  await using store = await Store.open(directory)
  expect((await store.put('b', '2')).version).toBe(2)
})

test('a directory without write permission is read by one who has none', async () => {
  const directory = `${root}/db`
  {
    await using store = await Store.open(directory)
    await store.put('a', '1')
  }
  await chmod(root, 0o755)
  await setWritable(directory, false)
  const before = await pictureOf(directory)
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid?.(65_534)
  try {
    await using store = await Store.open(directory, { readOnly: true })
    expect((await store.get('a'))?.value.toString()).toBe('1')
    await expect(store.put('b', '2')).rejects.toMatchObject(refusal)
  } finally {
    if (isRoot) process.seteuid?.(0)
  }
  expect(await pictureOf(directory)).toEqual(before)
})

/** Every name below a directory, with its bytes if it is a file. */
async function pictureOf(directory: string): Promise<Map<string, string>> {
  const picture = new Map<string, string>()
  for (const name of (await readdir(directory, { recursive: true })).sort()) {
    const path = `${directory}/${name}`
    const isFile = (await lstat(path)).isFile()
    picture.set(name, isFile ? await readFile(path, 'latin1') : 'no file')
  }
  return picture
}

async function setWritable(directory: string, isWritable: boolean): Promise<void> {
  const names = await readdir(directory, { recursive: true })
  for (const path of [directory, ...names.map((name) => `${directory}/${name}`)]) {
    const stats = await stat(path)
    if (stats.isDirectory()) await chmod(path, isWritable ? 0o755 : 0o555)
    else await chmod(path, stats.isSocket() ? 0o666 : isWritable ? 0o644 : 0o444)
  }
}
