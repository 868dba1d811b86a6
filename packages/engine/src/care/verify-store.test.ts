import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import {
  careOptions,
  careStoreOptions,
  closedStore,
  damage,
  putLetters,
} from '../../test/care-store.ts'
import { systemClock } from '../clock.ts'
import { crc32 } from '../crc32.ts'
import type { DirectoryLock } from '../file-system/file-system.ts'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import { decodeHintHeader, encodeHintHeader, hintHeaderBytes } from '../hint.ts'
import { markBytes } from '../mark.ts'
import { removeIfThere } from '../small-file.ts'
import { Store } from '../store.ts'
import type { Problem } from './findings.ts'
import { verifyStore } from './verify-store.ts'

const segment = (index: number, ending = 'data') =>
  `log/${String(index).padStart(16, '0')}.${ending}`
const output = (id: number, ending = 'data') => `data/${String(id).padStart(16, '0')}.${ending}`

async function problemsOf(disk: SimFileSystem): Promise<readonly Problem[]> {
  return (await verifyStore('/db', careOptions(disk))).problems
}

test('a sound store has no problems, and its files are counted', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abc'))
  const before = disk.files()
  const report = await verifyStore('/db', careOptions(disk))
  expect(report).toMatchObject({ records: 3, problems: [], problemsLeftOut: 0 })
  const bytes = [...before.values()].reduce((sum, file) => sum + file.length, 0)
  expect(report.bytesChecked).toBe(bytes)
  expect(report.filesChecked).toBe(before.size)
  expect([disk.files(), disk.openFiles]).toEqual([before, 0])
})

test('on a real disk no name is left behind, and who holds the store is left alone', async () => {
  const directory = await mkdtemp(`${tmpdir()}/kv-verify-`)
  try {
    {
      await using store = await Store.open(directory)
      await store.put('key', 'value')
      await expect(verifyStore(directory)).rejects.toMatchObject({ code: 'KV_LOCKED' })
    }
    const names = (await readdir(directory)).sort()
    expect(await verifyStore(directory)).toMatchObject({ records: 1, problems: [] })
    expect((await readdir(directory)).sort()).toEqual(names)
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('a directory that is none, or that holds no store, is refused', async () => {
  const disk = new SimFileSystem()
  await expect(verifyStore('/db', careOptions(disk))).rejects.toMatchObject({
    code: 'KV_BAD_REQUEST',
    message: expect.stringContaining('/db is no directory; nothing was checked'),
  })
  disk.poke('/db/other', Buffer.from('x'))
  await expect(verifyStore('/db', careOptions(disk))).rejects.toMatchObject({
    code: 'KV_BAD_REQUEST',
    message: expect.stringContaining('/db holds no store'),
  })
})

test('NODE, MANIFEST and marks that are missing or damaged are corruption', async () => {
  for (const name of ['NODE', 'MANIFEST', 'marks']) {
    const disk = await closedStore((store) => putLetters(store, 'ab'))
    damage(disk, `/db/${name}`, (bytes) => bytes.subarray(0, 20))
    expect(await problemsOf(disk)).toContainEqual({
      path: name,
      offset: 0,
      what: name === 'marks' ? 'no valid mark' : 'unreadable',
      severity: 'corruption',
    })
    await removeIfThere(disk, `/db/${name}`)
    expect(await problemsOf(disk)).toContainEqual({
      path: name,
      offset: 0,
      what: 'missing',
      severity: 'corruption',
    })
  }
})

test('what a crash leaves behind the last mark is a torn tail; before it, it is corruption', async () => {
  const disk = await closedStore((store) => putLetters(store, 'ab'))
  const active = segment(3)
  damage(disk, `/db/${active}`, (bytes) => Buffer.concat([bytes, Buffer.from('half a frame')]))
  expect(await problemsOf(disk)).toEqual([
    expect.objectContaining({ path: active, offset: 64, severity: 'torn tail' }),
  ])
  const cut = await closedStore((store) => putLetters(store, 'abc').then(() => store.put('d', '')))
  damage(cut, `/db/${segment(4)}`, (bytes) => bytes.subarray(0, -1))
  expect(await problemsOf(cut)).toContainEqual(
    expect.objectContaining({
      path: segment(4),
      severity: 'corruption',
      what: expect.stringContaining('although it was durable up to byte'),
    }),
  )
})

test('a missing segment is named with the versions that should be in it', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abc'))
  await removeIfThere(disk, `/db/${segment(2)}`)
  expect(await problemsOf(disk)).toContainEqual({
    path: segment(2),
    offset: 0,
    what: 'missing: versions 2 to 2 should be in it',
    severity: 'corruption',
  })
  const last = await closedStore((store) => putLetters(store, 'abc'))
  await removeIfThere(last, `/db/${segment(4)}`)
  expect(await problemsOf(last)).toContainEqual(
    expect.objectContaining({
      path: segment(3),
      what: expect.stringContaining('the next one is missing'),
    }),
  )
})

test('each damaged stretch of a segment is told, and what lies between is checked', async () => {
  const disk = await closedStore((store) =>
    store.batch('abcdef'.split('').map((key) => ({ type: 'put', key, value: key.repeat(50) }))),
  )
  for (const at of [64 + 40 + 30, 64 + 40 + 5 * 79 + 40]) {
    damage(disk, `/db/${segment(1)}`, (bytes) => void (bytes[at]! ^= 1))
  }
  const report = await verifyStore('/db', careOptions(disk))
  // Two of six are damaged; behind the second nothing says where the frame would end.
  expect(report.records).toBeLessThan(6)
  expect(report.problems[0]).toMatchObject({ path: segment(1), severity: 'corruption' })
})

test('without its footer a segment is only scanned again', async () => {
  const disk = await closedStore((store) => putLetters(store, 'ab'))
  damage(disk, `/db/${segment(1)}`, (bytes) => bytes.subarray(0, -30))
  expect(await problemsOf(disk)).toContainEqual({
    path: segment(1),
    offset: 333,
    what: 'no good footer: the next open scans the segment and writes one',
    severity: 'shortcut',
  })
})

test('a hint that is missing, damaged or of another file is a shortcut', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abc'))
  const whole = disk.files().get(`/db/${segment(2, 'hint')}`)!
  await removeIfThere(disk, `/db/${segment(1, 'hint')}`)
  expect(await problemsOf(disk)).toEqual([
    expect.objectContaining({ path: segment(1, 'hint'), severity: 'shortcut' }),
  ])
  disk.poke(`/db/${segment(1, 'hint')}`, whole)
  expect((await problemsOf(disk))[0]).toMatchObject({
    what: 'the hint of another file: the next open scans the data file',
    severity: 'shortcut',
  })
})

test('a hint whose checksum is right and that lies is corruption: the next open would believe it', async () => {
  const disk = await closedStore(async (store) => {
    await putLetters(store, 'abc')
    await store.merge()
  })
  const path = output(1, 'hint')
  damage(disk, `/db/${path}`, (bytes) => {
    const header = decodeHintHeader(bytes.subarray(0, hintHeaderBytes))!
    bytes.writeUInt32LE(999, hintHeaderBytes + 4)
    const entriesCrc = crc32(bytes, hintHeaderBytes, bytes.length)
    encodeHintHeader({ ...header, entriesCrc }).copy(bytes)
  })
  expect(await problemsOf(disk)).toEqual([
    expect.objectContaining({
      path,
      severity: 'corruption',
      what: expect.stringContaining('although its checksum is right; remove it'),
    }),
  ])
})

test('a bad mark weakens the evidence, and nothing else', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abc'))
  damage(disk, '/db/marks', (bytes) => void (bytes[markBytes + 3]! ^= 1))
  expect(await problemsOf(disk)).toEqual([
    expect.objectContaining({ path: 'marks', offset: markBytes, severity: 'shortcut' }),
  ])
})

test('an image of the keydir that is damaged, or of another state, is a shortcut', async () => {
  const disk = await closedStore((store) => putLetters(store, 'ab'))
  const old = disk.files().get('/db/keydir.image')!
  damage(disk, '/db/keydir.image', (bytes) => void (bytes[5]! ^= 1))
  expect(await problemsOf(disk)).toEqual([
    expect.objectContaining({ path: 'keydir.image', severity: 'shortcut' }),
  ])
  {
    await using store = await Store.open('/db', careStoreOptions(disk))
    await store.put('later', '')
  }
  disk.poke('/db/keydir.image', old)
  expect(await problemsOf(disk)).toEqual([
    expect.objectContaining({
      what: 'it is of another state of the store: the next open merges the hints',
    }),
  ])
})

test('values larger than any window are summed too', async () => {
  const value = Buffer.alloc(3_000_000, 'v')
  const disk = await closedStore((store) => store.put('large', value), { segmentBytes: 1024 })
  expect(await problemsOf(disk)).toEqual([])
  damage(disk, `/db/${segment(1)}`, (bytes) => void (bytes[2_500_000]! ^= 1))
  expect((await problemsOf(disk))[0]).toMatchObject({ path: segment(1), severity: 'corruption' })
})

test('a block that the disk does not give is a problem of its file, and the others are checked', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abc'))
  const path = `/db/${segment(2)}`
  disk.failAt({
    at: (each) => each.kind === 'read' && each.path === path,
    code: 'EIO',
    sticky: true,
  })
  const report = await verifyStore('/db', careOptions(disk))
  expect(report.records).toBe(2)
  expect(report.problems).toContainEqual({
    path: segment(2),
    offset: 0,
    what: 'it cannot be read (EIO)',
    severity: 'corruption',
  })
  expect(disk.openFiles).toBe(0)
})

test('the signal ends it, and lets the directory go', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abc'))
  const stop = new AbortController()
  const onProgress = (): void => stop.abort(new Error('enough'))
  const options = { ...careOptions(disk), signal: stop.signal, onProgress }
  await expect(verifyStore('/db', options)).rejects.toThrow('enough')
  expect(disk.openFiles).toBe(0)
  await (await Store.open('/db', careStoreOptions(disk))).close()
})

test('of very many problems the first thousand are listed', async () => {
  const disk = await closedStore((store) => putLetters(store, 'a'))
  damage(disk, '/db/marks', (bytes) => Buffer.concat([bytes, Buffer.alloc(1_200 * markBytes, 'x')]))
  const { problems, problemsLeftOut } = await verifyStore('/db', careOptions(disk))
  expect([problems.length, problemsLeftOut]).toEqual([1_000, 201])
})

test('the event loop turns between slices of the work', async () => {
  const disk = await closedStore((store) =>
    store.batch(
      Array.from({ length: 2_000 }, (_none, place) => ({
        type: 'put' as const,
        key: `${place}`,
        value: '',
      })),
    ),
  )
  let turns = 0
  let now = 0
  const clock = {
    ...systemClock,
    // As if each look at the clock came a quarter of a ms after the one before.
    monotonic: () => (now += 0.25),
    nextTurn: async () => void turns++,
  }
  await verifyStore('/db', { fileSystem: disk, clock })
  expect(turns).toBeGreaterThan(2_000 / 5)
})

test('where nothing can be written no store is open; where one has no rights, that is said', async () => {
  class LockingDisk extends SimFileSystem {
    code: string | undefined
    override async lockDirectory(path: string): Promise<DirectoryLock> {
      if (this.code === undefined) return super.lockDirectory(path)
      throw Object.assign(new Error('no'), { code: this.code })
    }
  }
  const disk = new LockingDisk()
  {
    await using store = await Store.open('/db', careStoreOptions(disk))
    await store.put('a', '')
  }
  disk.code = 'EROFS'
  expect(await verifyStore('/db', careOptions(disk))).toMatchObject({ records: 1, problems: [] })
  disk.code = 'EACCES'
  await expect(verifyStore('/db', careOptions(disk))).rejects.toMatchObject({
    code: 'KV_BAD_REQUEST',
    message: expect.stringContaining('/db cannot be locked (EACCES)'),
  })
})
