import { expect, test } from 'vitest'
import {
  careOptions,
  careStoreOptions,
  closedStore,
  contentOf,
  damage,
  putLetters,
} from '../../test/care-store.ts'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import { frameHeaderBytes, sealFrame } from '../frame.ts'
import { decodeManifest, encodeManifest } from '../manifest.ts'
import { encodeRecord, recordBytes, recordKind } from '../record.ts'
import { segmentHeaderBytes } from '../segment.ts'
import { removeIfThere } from '../small-file.ts'
import { Store } from '../store.ts'
import type { RepairReport } from './repair-report.ts'
import { type RepairOptions, repairStore } from './repair-store.ts'

const segment = (index: number, ending = 'data') =>
  `/db/log/${String(index).padStart(16, '0')}.${ending}`

function repair(disk: SimFileSystem, options: RepairOptions = {}): Promise<RepairReport> {
  return repairStore('/db', '/new', { ...careOptions(disk), ...options })
}

test('what is repaired keeps its node, is another store, and goes on behind the last version', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abc'))
  const report = await repair(disk)
  expect(report).toMatchObject({ keys: 3, version: 3, lost: [], lostKeys: [], unread: [] })
  await using old = await Store.open('/db', careStoreOptions(disk))
  await using store = await Store.open('/new', careStoreOptions(disk))
  expect(store.identity).toMatchObject({
    clusterId: old.identity.clusterId,
    nodeId: old.identity.nodeId,
  })
  expect(store.identity.storeId).not.toBe(old.identity.storeId)
  expect(await store.get('b')).toMatchObject({ version: 2 })
  expect(await store.put('d', '')).toMatchObject({ version: 4 })
})

test('times to live are kept', async () => {
  const disk = await closedStore((store) => store.put('a', '1', { ttlMs: 5_000 }))
  await repair(disk)
  await using old = await Store.open('/db', careStoreOptions(disk))
  await using store = await Store.open('/new', careStoreOptions(disk))
  expect((await store.get('a'))?.expiresAt).toBe((await old.get('a'))?.expiresAt)
  expect(store.stats().expiry.keys).toBe(1)
})

test('a target that holds something, or lies in the source, is refused, and nothing is changed', async () => {
  const disk = await closedStore((store) => putLetters(store, 'a'))
  disk.poke('/used/file', Buffer.from('x'))
  const before = disk.files()
  for (const target of ['/used', '/used/file', '/db', '/db/new', '/db/log/../new']) {
    await expect(repairStore('/db', target, careOptions(disk)), target).rejects.toMatchObject({
      code: 'KV_BAD_REQUEST',
    })
  }
  await expect(repairStore('/db', '/no/parent', careOptions(disk))).rejects.toMatchObject({
    code: 'KV_BAD_REQUEST',
  })
  expect(disk.files()).toEqual(before)
})

test('a store that is open, or none, is refused', async () => {
  const disk = await closedStore((store) => putLetters(store, 'a'))
  {
    await using store = await Store.open('/db', careStoreOptions(disk))
    await store.put('b', '')
    await expect(repair(disk)).rejects.toMatchObject({ code: 'KV_LOCKED' })
  }
  await expect(repairStore('/none', '/new', careOptions(disk))).rejects.toMatchObject({
    code: 'KV_BAD_REQUEST',
  })
})

test('without room nothing is written', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abc'))
  disk.free = { bytes: 100, totalBytes: 1_000, files: 10 }
  const before = disk.files()
  await expect(repair(disk)).rejects.toMatchObject({
    code: 'KV_DISK_FULL',
    details: { freeBytes: 100, wantedBytes: 687 },
  })
  expect(disk.files()).toEqual(before)
})

test('without NODE, MANIFEST and marks all files there are are read', async () => {
  const disk = await closedStore(async (store) => {
    await putLetters(store, 'abc')
    await store.merge()
    await store.delete('b')
    await putLetters(store, 'd')
  })
  for (const name of ['NODE', 'MANIFEST', 'marks']) await removeIfThere(disk, `/db/${name}`)
  const report = await repair(disk)
  expect(report).toMatchObject({
    keys: 3,
    version: 5,
    lost: [],
    deletedMayBeBack: true,
    unusable: ['NODE: missing', 'MANIFEST: missing', 'marks: missing'],
  })
  expect([...(await contentOf(disk, '/new')).keys()]).toEqual(['a', 'c', 'd'])
})

test('files that MANIFEST does not name are read only when asked for', async () => {
  const disk = await closedStore(async (store) => {
    await putLetters(store, 'ab')
  })
  const old = disk.files().get(segment(1))!
  {
    await using store = await Store.open('/db', careStoreOptions(disk))
    await store.delete('a')
    await store.merge()
  }
  // As a crash before the removal of a merge's inputs leaves it.
  disk.poke(segment(1), old)
  expect(await repair(disk)).toMatchObject({ keys: 1, unread: ['log/0000000000000001.data'] })
  const every = { ...careOptions(disk), everyFile: true }
  expect(await repairStore('/db', '/every', every)).toMatchObject({
    keys: 2,
    deletedMayBeBack: true,
    unread: [],
  })
})

test('a tombstone whose record is damaged is respected where the hint tells of it', async () => {
  const disk = await closedStore(async (store) => {
    await putLetters(store, 'a')
    await store.delete('a')
    await putLetters(store, 'bc')
  })
  damage(disk, segment(2), (bytes) => void (bytes[segmentHeaderBytes + frameHeaderBytes]! ^= 1))
  const report = await repair(disk)
  expect(report).toMatchObject({ keys: 2, lostKeys: [], olderMayBeCurrent: false })
  expect(report.lost).toEqual([
    expect.objectContaining({ path: 'log/0000000000000002.data', firstVersion: 2, nextVersion: 3 }),
  ])
  // Without the hint nobody knows whose record it was.
  await removeIfThere(disk, segment(2, 'hint'))
  const blind = await repairStore('/db', '/blind', careOptions(disk))
  expect(blind).toMatchObject({ keys: 3, olderMayBeCurrent: true })
})

test('a value that is lost is named, and so is the older one that the key has now', async () => {
  const disk = await closedStore(async (store) => {
    await putLetters(store, 'ab')
    await putLetters(store, 'ac')
  })
  damage(disk, segment(3), (bytes) => void (bytes[200]! ^= 1))
  damage(disk, segment(4), (bytes) => void (bytes[200]! ^= 1))
  const report = await repair(disk)
  expect(report.lostKeys).toEqual([
    { key: Buffer.from('a'), version: 3, olderVersion: 1 },
    { key: Buffer.from('c'), version: 4, olderVersion: undefined },
  ])
  expect(report).toMatchObject({ keys: 2, version: 4, olderMayBeCurrent: true })
})

test('all but the damaged record of a frame is kept', async () => {
  const keys = 'abcdef'.split('')
  const disk = await closedStore((store) =>
    store.batch(keys.map((key) => ({ type: 'put', key, value: key.repeat(50) }))),
  )
  await removeIfThere(disk, segment(1, 'hint'))
  // Into the value of the third.
  const third = segmentHeaderBytes + frameHeaderBytes + 2 * recordBytes(1, 50)
  damage(disk, segment(1), (bytes) => void (bytes[third + 40]! ^= 1))
  const report = await repair(disk)
  expect(report.lost).toEqual([
    {
      path: 'log/0000000000000001.data',
      from: third,
      to: third + recordBytes(1, 50),
      firstVersion: 3,
      nextVersion: 4,
      what: 'a damaged record',
      isTornTail: false,
    },
  ])
  expect([...(await contentOf(disk, '/new')).keys()]).toEqual(['a', 'b', 'd', 'e', 'f'])
})

test('frames behind a lost sector are found again', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abcdef'), { segmentBytes: 2_000 })
  await removeIfThere(disk, segment(1, 'hint'))
  // The second frame and the head of the third.
  const frameBytes = frameHeaderBytes + recordBytes(1, 200)
  const from = segmentHeaderBytes + frameBytes
  damage(disk, segment(1), (bytes) => void bytes.fill(0, from, from + frameBytes + 20))
  const report = await repair(disk)
  expect([...(await contentOf(disk, '/new')).keys()]).toEqual(['a', 'd', 'e', 'f'])
  expect(report.lost).toEqual([
    expect.objectContaining({ from, to: from + 2 * frameBytes, firstVersion: 2, nextVersion: 4 }),
  ])
})

test('bytes of a value that look like a record or a frame are taken for none', async () => {
  const forgedRecord = Buffer.alloc(recordBytes(6, 5))
  encodeRecord(forgedRecord, 0, recordKind.put, 3, 1, Buffer.from('forged'), Buffer.from('value'))
  const forgedFrame = Buffer.alloc(frameHeaderBytes + forgedRecord.length)
  forgedRecord.copy(forgedFrame, frameHeaderBytes)
  sealFrame(forgedFrame, 0, forgedFrame.length, 1, { index: 3, term: 0, chain: 7 }, 1)
  const value = Buffer.concat([forgedRecord, Buffer.alloc(50), forgedFrame])
  for (const merged of [false, true]) {
    const disk = await closedStore(
      async (store) => {
        await store.put('a', 'first')
        await store.put('b', value)
        await putLetters(store, 'cd')
        if (merged) await store.merge()
      },
      { segmentBytes: 2_000 },
    )
    const path = merged ? '/db/data/0000000000000001.data' : segment(1)
    const whole = Buffer.from(disk.files().get(path)!)
    const at = whole.indexOf(value)
    // All that stands before the value of its record, so that nothing tells how long it was.
    damage(disk, path, (bytes) => void bytes.fill(0xff, at - 69, at))
    await removeIfThere(disk, path.replace('.data', '.hint'))
    const report = await repair(disk)
    expect(report.doubtfulRecords, path).toBeGreaterThanOrEqual(1)
    const content = await contentOf(disk, '/new')
    expect(content.has('forged')).toBe(false)
    const doubtful = { ...careOptions(disk), takeDoubtful: true }
    const every = await repairStore('/db', '/doubtful', doubtful)
    expect(every.tookDoubtful).toBe(true)
    expect((await contentOf(disk, '/doubtful')).get('forged')).toBe('value')
  }
})

test('records behind damage in a merge output are found by its hint, or by the chain that leads to its footer', async () => {
  for (const withHint of [true, false]) {
    const disk = await closedStore(
      async (store) => {
        await putLetters(store, 'abcd')
        await store.merge()
      },
      { segmentBytes: 4_096 },
    )
    const path = '/db/data/0000000000000001.data'
    const second = segmentHeaderBytes + recordBytes(1, 200)
    // The lengths too, but not the checksum field.
    damage(disk, path, (bytes) => void bytes.fill(0, second + 4, second + 60))
    if (!withHint) await removeIfThere(disk, path.replace('.data', '.hint'))
    const report = await repair(disk)
    expect([...(await contentOf(disk, '/new')).keys()]).toEqual(['a', 'c', 'd'])
    expect(report.lostKeys.map(({ key }) => key.toString())).toEqual(withHint ? ['b'] : [])
    expect(report.olderMayBeCurrent).toBe(!withHint)
  }
})

test('values larger than any window are kept', async () => {
  const value = Buffer.alloc(3_000_000, 'v')
  const disk = await closedStore((store) => store.put('large', value), { segmentBytes: 1_024 })
  await repair(disk)
  await using store = await Store.open('/new', careStoreOptions(disk))
  expect((await store.get('large'))?.value.equals(value)).toBe(true)
})

test('a block that the disk does not give costs what stood there', async () => {
  const disk = await closedStore((store) => putLetters(store, 'abc'))
  const path = segment(2)
  disk.failAt({
    at: (each) => each.kind === 'read' && each.path === path,
    code: 'EIO',
    sticky: true,
  })
  const report = await repair(disk)
  expect(report.lost).toEqual([expect.objectContaining({ path: 'log/0000000000000002.data' })])
  expect(report.lostKeys).toEqual([{ key: Buffer.from('b'), version: 2, olderVersion: undefined }])
  expect([...(await contentOf(disk, '/new')).keys()]).toEqual(['a', 'c'])
})

test('what a crash has left is no loss of anything that was acknowledged', async () => {
  const disk = await closedStore((store) => putLetters(store, 'ab'))
  damage(disk, segment(3), (bytes) => Buffer.concat([bytes, Buffer.from('half a frame')]))
  const report = await repair(disk)
  expect(report.lost).toEqual([expect.objectContaining({ isTornTail: true })])
  expect(report).toMatchObject({ keys: 2, olderMayBeCurrent: false })
})

test('a segment that a failed roll has left counts for nothing, and what stands behind it is kept', async () => {
  const disk = new SimFileSystem()
  const store = await Store.open('/db', { ...careStoreOptions(disk), segmentBytes: 65_536 })
  await store.put('a', '1')
  for (const [roll, key] of ['b', 'c'].entries()) {
    disk.failAt({
      at: ({ kind, path }) => kind === 'syncDirectory' && path === '/db/log',
      code: 'EMFILE',
    })
    // Closes the active segment first, in vain.
    await store.merge()
    expect(disk.files().has(segment(roll + 2))).toBe(true)
    await store.put(key, '1')
    const killed = disk.clone()
    const before = await repair(killed)
    expect(before).toMatchObject({ keys: roll + 2, version: roll + 2, lost: [] })
  }
  await store.close()
})

test('what the disk does not give is lost, and no prepared space', async () => {
  const disk = new SimFileSystem()
  await using store = await Store.open('/db', { ...careStoreOptions(disk), segmentBytes: 65_536 })
  const frameBytes = frameHeaderBytes + recordBytes(1, 0, 0)
  await store.put('a', 'a'.repeat(4_096 - segmentHeaderBytes - frameBytes))
  await store.put('b', 'b')
  const killed = disk.clone()
  // From byte 4,096 on, where the second frame begins.
  const open = killed.openForReading.bind(killed)
  killed.openForReading = async (path) => {
    const file = await open(path)
    const read = file.read.bind(file)
    if (path === segment(1)) {
      file.read = (target, position) =>
        position + target.length > 4_096
          ? Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO' }))
          : read(target, position)
    }
    return file
  }
  const report = await repair(killed)
  expect(report).toMatchObject({ keys: 1, lost: [{ from: 4_096, firstVersion: 2 }] })
})

test('zeros behind what a merge knows to be durable are lost', async () => {
  const disk = await closedStore((store) => putLetters(store, 'ab'))
  const manifest = decodeManifest(Buffer.from(disk.files().get('/db/MANIFEST')!))!
  disk.poke('/db/MANIFEST', encodeManifest({ ...manifest, mergedAt: 5 }))
  damage(disk, segment(3), (bytes) => Buffer.concat([bytes, Buffer.alloc(1_000)]))
  expect((await repair(disk)).lost).toEqual([
    expect.objectContaining({ from: 64, to: 1_064, firstVersion: 3, isTornTail: false }),
  ])
})
