import { createHash } from 'node:crypto'
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { TestClock } from '../../test/test-clock.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { nodeFileSystem } from '../file-system/node-file-system.ts'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import type { StoreOptions } from '../options.ts'
import { Store } from '../store.ts'
import type { BackupProgress } from './backup.ts'
import { decodeBackupManifest, storedPath } from './backup-manifest.ts'
import { restoreBackup } from './restore.ts'
import { verifyBackup } from './verify.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(`${tmpdir()}/kv-backup-`)
})

afterEach(async () => {
  await rm(root, { recursive: true })
})

const small: StoreOptions = { segmentBytes: 1_000, autoMerge: false }

async function contentOf(store: Store): Promise<Map<string, string>> {
  const content = new Map<string, string>()
  for await (const { key, value, version } of store.range()) {
    content.set(key.toString(), `${value.toString()} ${version}`)
  }
  return content
}

async function fill(store: Store, from: number, to: number): Promise<void> {
  for (let key = from; key < to; key++) await store.put(`k${key}`, `value ${key}`)
}

async function readManifest(backup: string) {
  const decoded = decodeBackupManifest(await readFile(`${backup}/BACKUP`))
  if (typeof decoded === 'string') throw new Error(decoded)
  return decoded
}

describe('on this machine', () => {
  test('a backup of an open store, restored, is the store as of the call', async () => {
    await using store = await Store.open(`${root}/db`, small)
    await fill(store, 0, 60)
    await store.merge()
    await fill(store, 40, 100)
    await store.delete('k3')
    await store.put('brief', 'x', { ttlMs: 3_600_000 })
    const before = await contentOf(store)
    const progress: BackupProgress[] = []
    const report = await store.backup(`${root}/backup`, {
      onProgress: (step) => progress.push(step),
    })
    await store.put('later', 'not in it')

    const manifest = await readManifest(`${root}/backup`)
    expect(report).toEqual({
      files: manifest.files.length,
      bytesCopied: manifest.files.reduce((sum, { bytes }) => sum + bytes, 0),
      bytesReused: 0,
      lastIndex: 122,
    })
    expect(manifest).toMatchObject({ storeId: store.identity.storeId, generation: 1 })
    expect(progress.length).toBeGreaterThan(5)
    expect(progress.at(-1)?.bytesDone).toBe(progress.at(-1)?.bytesTotal)

    const names = await readdir(`${root}/backup`, { recursive: true })
    expect(names.filter((name) => /NODE|LOCK|marks|image|next/.test(name))).toEqual([])
    const verified = await verifyBackup(`${root}/backup`)
    expect(verified).toMatchObject({ generation: 1, lastIndex: 122, files: report.files })
    const restored = await restoreBackup(`${root}/backup`, `${root}/restored`)
    expect(restored).toEqual({ ...verified, newStoreId: expect.any(String) })
    await using copy = await Store.open(`${root}/restored`, small)
    expect(await contentOf(copy)).toEqual(before)
    expect(copy.appliedIndex).toBe(122)
    expect(copy.stats().recovery).toMatchObject({ cutBytes: 0 })
    expect(copy.identity.storeId).toBe(restored.newStoreId)
    expect(copy.identity.storeId).not.toBe(store.identity.storeId)
    expect(copy.identity.clusterId).not.toBe(store.identity.clusterId)
    expect((await copy.put('on', 'it goes')).version).toBe(123)
    expect((await stat(`${root}/restored/log`)).mode & 0o777).toBe(0o700)
    expect((await stat(`${root}/backup/BACKUP`)).mode & 0o777).toBe(0o600)
    expect(
      (await readdir(`${root}/restored`)).filter((name) => name.startsWith('RESTORE')),
    ).toEqual([])
  })

  test('the manifest has the length and the SHA-256 of each file', async () => {
    await using store = await Store.open(`${root}/db`, small)
    await fill(store, 0, 40)
    await store.backup(`${root}/backup`)
    const { files } = await readManifest(`${root}/backup`)
    for (const file of files) {
      const bytes = await readFile(`${root}/backup/${storedPath(file)}`)
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(file.sha256)
      expect(bytes.length).toBe(file.bytes)
    }
    expect(files.length).toBeGreaterThan(3)
  })

  test('links lead nowhere', async () => {
    await using store = await Store.open(`${root}/db`, small)
    await fill(store, 0, 40)
    await store.backup(`${root}/backup`)
    const { files } = await readManifest(`${root}/backup`)
    const path = `${root}/backup/${storedPath(files[0]!)}`
    await rename(path, `${root}/elsewhere`)
    await symlink(`${root}/elsewhere`, path)
    const linked = {
      code: 'KV_CORRUPT_BACKUP',
      details: { path: storedPath(files[0]!), damage: 'a symbolic link' },
    }
    await expect(verifyBackup(`${root}/backup`)).rejects.toMatchObject(linked)
    await expect(restoreBackup(`${root}/backup`, `${root}/restored`)).rejects.toMatchObject(linked)
    await expect(stat(`${root}/restored`)).rejects.toMatchObject({ code: 'ENOENT' })
    await rm(path)
    await rename(`${root}/elsewhere`, path)
    await rename(`${root}/backup/log`, `${root}/log`)
    await symlink(`${root}/log`, `${root}/backup/log`)
    const linkedFolder = { code: 'KV_CORRUPT_BACKUP', details: { path: 'log' } }
    await expect(verifyBackup(`${root}/backup`)).rejects.toMatchObject(linkedFolder)
    await expect(restoreBackup(`${root}/backup`, `${root}/restored`)).rejects.toMatchObject(
      linkedFolder,
    )
    await expect(store.backup(`${root}/backup`)).rejects.toMatchObject(linkedFolder)
    await rm(`${root}/backup/log`)
    await rename(`${root}/log`, `${root}/backup/log`)
    await verifyBackup(`${root}/backup`)
  })

  test('a directory that cannot be used says why', async () => {
    await using store = await Store.open(`${root}/db`, small)
    await writeFile(`${root}/file`, '')
    await expect(store.backup(`${root}/no/where`)).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: `${root}/no/where cannot be used: the system finds no directory ${root}/no to make it in; no backup was made, and the one before it, if there is one, is as it was; make its parent first, or choose another directory`,
    })
    await expect(store.backup(`${root}/file`)).rejects.toMatchObject({ code: 'KV_BAD_REQUEST' })
    await expect(store.backup(`${root}/db`)).rejects.toMatchObject({ code: 'KV_BAD_REQUEST' })
    await expect(store.backup(`${root}/db/log/x`)).rejects.toMatchObject({ code: 'KV_BAD_REQUEST' })
    await expect(restoreBackup(`${root}/none`, `${root}/r`)).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: `${root}/none holds no backup; nothing was changed; name the directory of one`,
    })
    await expect(verifyBackup(`${root}/db`)).rejects.toMatchObject({ code: 'KV_BAD_REQUEST' })
    await store.backup(`${root}/backup`)
    await expect(restoreBackup(`${root}/backup`, `${root}/no/where`)).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: `${root}/no/where cannot be used: the system finds no directory ${root}/no to make it in; no store was made; make its parent first, or choose another directory`,
    })
    await expect(restoreBackup(`${root}/backup`, `${root}/file`)).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: `${root}/file cannot be used: it, or what should be a directory on the way to it, is a file; no store was made; choose another directory`,
    })
    await expect(restoreBackup(`${root}/backup`, `${root}/db`)).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: expect.stringContaining(`${root}/db holds a store`),
    })
    await mkdir(`${root}/other`)
    await writeFile(`${root}/other/precious`, 'x')
    await expect(restoreBackup(`${root}/backup`, `${root}/other`)).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
    })
    await expect(store.backup(`${root}/other`)).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: expect.stringContaining('holds other files (precious) and no backup'),
    })
    expect(await readdir(`${root}/other`)).toEqual(['precious'])
  })
})

describe('on a simulated disk', () => {
  let disk: SimFileSystem
  let clock: TestClock

  beforeEach(() => {
    disk = new SimFileSystem()
    clock = new TestClock()
  })

  afterEach(() => {
    expect(disk.openFiles).toBe(0)
  })

  function open(path = '/db', options: StoreOptions = {}): Promise<Store> {
    return Store.open(path, { ...small, fileSystem: disk, clock, ...options })
  }

  async function restoredContent(target: string, fileSystem: FileSystem = disk) {
    await restoreBackup('/backup', target, { fileSystem, clock })
    await using store = await Store.open(target, { ...small, fileSystem, clock })
    return await contentOf(store)
  }

  test('only what is new is copied, and what is of no use goes', async () => {
    await using store = await open()
    await fill(store, 0, 100)
    const first = await store.backup('/backup')
    const second = await store.backup('/backup')
    expect(second.lastIndex).toBe(first.lastIndex)
    expect(second.bytesReused).toBeGreaterThan(10 * second.bytesCopied)
    expect(second.bytesCopied).toBeLessThan(1_500)
    await fill(store, 100, 130)
    const third = await store.backup('/backup')
    expect(third.lastIndex).toBe(130)
    expect(third.bytesReused).toBeGreaterThanOrEqual(second.bytesReused)
    expect(await restoredContent('/r3')).toEqual(await contentOf(store))

    await store.merge()
    const fourth = await store.backup('/backup')
    expect(fourth.bytesReused).toBe(0)
    const kept = [...disk.files().keys()].filter((path) => path.startsWith('/backup/'))
    expect(kept).toHaveLength(fourth.files + 1)
    expect(await restoredContent('/r4')).toEqual(await contentOf(store))
  })

  test('each backup replaces the one before', async () => {
    await using store = await open()
    await fill(store, 0, 20)
    await store.backup('/backup')
    expect((await restoredContent('/r1')).size).toBe(20)
    await store.deleteRange({ prefix: 'k' })
    await store.backup('/backup')
    expect((await restoredContent('/r2')).size).toBe(0)
  })

  test('the backup of an empty store is an empty store', async () => {
    await using store = await open()
    expect(await store.backup('/backup')).toMatchObject({ files: 2, lastIndex: 0 })
    expect((await restoredContent('/r')).size).toBe(0)
    await using copy = await open('/r')
    expect((await copy.put('a', '1')).version).toBe(1)
  })

  test('a chain of restores and backups', async () => {
    let path = '/db'
    for (let link = 1; link <= 4; link++) {
      await using store = await open(path)
      await fill(store, link * 100, link * 100 + 30)
      expect((await store.backup(`/backup${link}`)).lastIndex).toBe(link * 30)
      path = `/r${link}`
      await restoreBackup(`/backup${link}`, path, { fileSystem: disk, clock })
      // The restored store is another one, from here on.
      await using copy = await open(path)
      await expect(copy.backup(`/backup${link}`)).rejects.toMatchObject({
        code: 'KV_BAD_REQUEST',
        message: expect.stringContaining('holds a backup of another store'),
      })
    }
    await using last = await open(path)
    expect(await last.count()).toBe(120)
  })

  test('files that are the same by name only are copied anew', async () => {
    {
      await using store = await open()
      await fill(store, 0, 40)
    }
    // The directory is taken back to here, and goes on in another way: same store, same names, other bytes.
    const past = disk.clone()
    {
      await using store = await open()
      await fill(store, 40, 80)
      await store.backup('/backup')
    }
    for (const [path, bytes] of past.files()) disk.poke(path, bytes)
    for (const path of disk.files().keys()) {
      if (path.startsWith('/db/') && !past.files().has(path)) await disk.unlink(path)
    }
    await using store = await open()
    for (let key = 40; key < 80; key++) await store.put(`k${key}`, `eulav ${key}`)
    const report = await store.backup('/backup')
    expect(report.bytesReused).toBeGreaterThan(1_000)
    expect(report.bytesReused).toBeLessThan(report.bytesCopied * 2)
    expect(await restoredContent('/r')).toEqual(await contentOf(store))
  })

  test('a file of the backup that has become shorter, or is gone, is copied anew', async () => {
    await using store = await open()
    await fill(store, 0, 100)
    await store.backup('/backup')
    const paths = [...disk.files().keys()].filter((path) => /^\/backup\/log.*data\.1$/.test(path))
    await disk.unlink(paths[0]!)
    disk.poke(paths[1]!, disk.files().get(paths[1]!)!.subarray(1))
    await store.backup('/backup')
    expect(await restoredContent('/r')).toEqual(await contentOf(store))
  })

  test('a store that has rotted is not backed up, and the backup before stays', async () => {
    {
      await using store = await open()
      await fill(store, 0, 60)
      await store.merge()
      await fill(store, 60, 100)
    }
    const whole = disk.clone()
    const paths = [...disk.files().keys()].filter((path) => /^\/db\/(log|data).*data$/.test(path))
    let refused = 0
    for (const path of paths) {
      const bytes = whole.files().get(path)!
      for (const at of [70, Math.floor(bytes.length / 2), bytes.length - 70]) {
        disk = whole.clone()
        await using store = await open()
        const good = await store.backup('/backup')
        disk.poke(path, bytes.with(at, bytes[at]! ^ 4))
        await disk.unlink('/backup/BACKUP')
        await expect(store.backup('/backup'), `${path} ${at}`).rejects.toMatchObject({
          code: 'KV_CORRUPT_STORE',
          details: { path: path.slice('/db/'.length) },
        })
        refused++
        expect(good.lastIndex).toBe(100)
        const left = [...disk.files().keys()].filter((path) => path.startsWith('/backup/'))
        expect(left).toEqual([])
      }
    }
    expect(refused).toBeGreaterThan(10)
  })

  test('a close ends the backup under way, and the one before stays', async () => {
    const store = await open()
    await fill(store, 0, 100)
    await store.backup('/backup')
    await fill(store, 100, 200)
    let closed: Promise<void> | undefined
    const ended = store.backup('/backup', {
      onProgress: ({ bytesDone, bytesTotal }) => {
        if (bytesDone > bytesTotal * 0.9) closed ??= store.close()
      },
    })
    await expect(ended).rejects.toMatchObject({
      code: 'KV_CLOSED',
      message: expect.stringContaining('the one before it, if there is one, is as it was'),
    })
    await closed
    await expect(store.backup('/backup')).rejects.toMatchObject({ code: 'KV_CLOSED' })
    expect(await verifyBackup('/backup', { fileSystem: disk, clock })).toMatchObject({
      generation: 1,
      lastIndex: 100,
    })
    expect([...disk.files().keys()].filter((path) => /^\/backup.*\.2$/.test(path))).toEqual([])
    expect((await restoredContent('/r')).size).toBe(100)
  })

  test('a signal ends it with its reason, also while it waits for its pace', async () => {
    await using store = await open('/db', { segmentBytes: 3_000_000 })
    for (let key = 0; key < 30; key++) await store.put(`k${key}`, Buffer.alloc(100_000, key))
    const reason = new Error('enough')
    const abort = new AbortController()
    const ended = store.backup('/backup', { bytesPerSecondMax: 1_024, signal: abort.signal })
    await expect(store.backup('/other')).rejects.toMatchObject({ code: 'KV_TRY_LATER' })
    setImmediate(() => abort.abort(reason))
    await expect(ended).rejects.toBe(reason)
    await expect(store.backup('/backup', { signal: abort.signal })).rejects.toBe(reason)
    await store.backup('/backup', { bytesPerSecondMax: Number.POSITIVE_INFINITY })
    await verifyBackup('/backup', { fileSystem: disk, clock })
  })

  test('the pace is kept', async () => {
    await using store = await open('/db', { segmentBytes: 8_000_000 })
    for (let key = 0; key < 50; key++) await store.put(`k${key}`, Buffer.alloc(100_000, key))
    const start = clock.monotonic()
    const end = { reached: false }
    const ended = store.backup('/backup', { bytesPerSecondMax: 1_000_000 }).finally(() => {
      end.reached = true
    })
    for (let step = 0; step < 10_000 && !end.reached; step++) {
      clock.advance(10)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await ended
    const seconds = (clock.monotonic() - start) / 1_000
    // 5 MB, of which the first MiB is free.
    expect(seconds).toBeGreaterThan(3.8)
    expect(seconds).toBeLessThan(6)
  })

  test('wrong options are refused before anything is done', async () => {
    await using store = await open()
    await expect(store.backup('/backup', { bytesPerSecondMax: 0 })).rejects.toThrow(RangeError)
    await expect(store.backup('/backup', { speed: 1 } as object)).rejects.toThrow(
      "unknown option 'speed'",
    )
    await expect(store.backup('/backup', { signal: {} as AbortSignal })).rejects.toThrow(TypeError)
    expect([...disk.files().keys()].filter((path) => path.startsWith('/backup'))).toEqual([])
    await expect(verifyBackup('/backup', { speed: 1 } as object)).rejects.toThrow(TypeError)
  })

  test('what onProgress throws ends it', async () => {
    await using store = await open()
    await fill(store, 0, 50)
    const failure = new Error('no')
    const onProgress = (): void => {
      throw failure
    }
    await expect(store.backup('/backup', { onProgress })).rejects.toBe(failure)
    await store.backup('/backup')
    const options = { fileSystem: disk, clock, onProgress }
    await expect(verifyBackup('/backup', options)).rejects.toBe(failure)
    await expect(restoreBackup('/backup', '/r', options)).rejects.toBe(failure)
    // Nothing takes what is left of it for a store, or makes one there.
    await expect(open('/r')).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
      message: expect.stringContaining('RESTORE-UNFINISHED'),
    })
    await expect(open('/r', { readOnly: true })).rejects.toMatchObject({ code: 'KV_BAD_REQUEST' })
    expect((await restoredContent('/r')).size).toBe(50)
  })

  test('a store that is open for reading is backed up too', async () => {
    {
      await using store = await open()
      await fill(store, 0, 60)
    }
    const before = disk.clone().files()
    {
      await using store = await open('/db', { readOnly: true })
      expect(await store.backup('/backup')).toMatchObject({ lastIndex: 60 })
    }
    for (const [path, bytes] of before) expect(disk.files().get(path)).toEqual(bytes)
    expect((await restoredContent('/r')).size).toBe(60)
  })

  test('the backup of a newer version is refused', async () => {
    const { encodeCheckedJson } = await import('../checked-json.ts')
    disk.poke('/backup/BACKUP', encodeCheckedJson({ formatVersion: 2 }))
    const newer = {
      code: 'KV_CORRUPT_BACKUP',
      details: { path: 'BACKUP', damage: 'format version 2, and this program reads up to 1' },
    }
    await expect(verifyBackup('/backup', { fileSystem: disk })).rejects.toMatchObject(newer)
    await using store = await open()
    await expect(store.backup('/backup')).rejects.toMatchObject(newer)
  })

  test('a backup without its manifest is none', async () => {
    await using store = await open()
    await fill(store, 0, 30)
    await store.backup('/backup')
    await disk.unlink('/backup/BACKUP')
    await expect(verifyBackup('/backup', { fileSystem: disk })).rejects.toMatchObject({
      code: 'KV_CORRUPT_BACKUP',
      details: { path: 'BACKUP', damage: 'missing' },
    })
  })
})

test('the real file system is the default', async () => {
  await using store = await Store.open(`${root}/db`)
  await store.put('a', '1')
  await store.backup(`${root}/backup`)
  await restoreBackup(`${root}/backup`, `${root}/r`, { fileSystem: nodeFileSystem })
  await using copy = await Store.open(`${root}/r`)
  expect((await copy.get('a'))?.value.toString()).toBe('1')
})
