import { expect, test } from 'vitest'
import { TestClock } from '../../test/test-clock.ts'
import type { SimOperation } from '../file-system/sim-faults.ts'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import type { StoreOptions } from '../options.ts'
import { Store } from '../store.ts'
import type { MergePhase } from './running-merge.ts'

const kibi = 1024
const mebi = 1024 * kibi

/** Long work leaves the turn, so that a test can come in between its slices. */
class TurningClock extends TestClock {
  onTurn: () => void = () => undefined

  override async nextTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.onTurn()
  }
}

test('a merge that is paused halts with all its files, while the store goes on, and ends once it is resumed', async () => {
  const { store } = await storeOf(6_000)
  const merging = store.merge()
  await turnsUntil(() => (store.stats().merges.progress?.writtenBytes ?? 0) > 0)
  store.pauseMerges()
  await turns(20)
  const halted = store.stats().merges
  expect(halted).toMatchObject({ running: true, paused: true, progress: { phase: 'copying' } })
  expect(halted.progress!.writtenBytes).toBeLessThan(halted.progress!.expectedBytes)
  await store.put('meanwhile', '1')
  await turns(50)
  expect(store.stats().merges.progress).toEqual(halted.progress)
  expect((await store.get('meanwhile'))?.value.toString()).toBe('1')
  store.resumeMerges()
  expect((await merging).liveRecords).toBe(6_000)
  expect(store.stats().merges).toMatchObject({ running: false, paused: false, completed: 1 })
  await store.close()
})

test('while merges are paused none is made, not even on request', async () => {
  const { store } = await storeOf(100)
  store.pauseMerges()
  store.pauseMerges()
  await expect(store.merge()).rejects.toMatchObject({
    code: 'KV_BAD_REQUEST',
    message: expect.stringContaining('resume'),
  })
  store.resumeMerges()
  expect((await store.merge()).liveRecords).toBe(100)
  await store.close()
  expect(() => store.pauseMerges()).toThrow('closed')
  expect(() => store.resumeMerges()).toThrow('closed')
})

test('paused automatic merges come once they are resumed', async () => {
  const { store } = await storeOf(400, { autoMerge: true, segmentBytes: 16 * kibi })
  store.pauseMerges()
  for (let round = 0; round < 8; round++) await putAll(store, 400)
  await turns(50)
  const before = store.stats()
  expect(before.merges.deadRatio).toBeGreaterThan(0.7)
  store.resumeMerges()
  await turnsUntil(() => store.stats().merges.deadRatio < 0.3)
  expect(store.stats().files.bytes).toBeLessThan(before.files.bytes / 2)
  await store.close()
})

test('progress has a beginning, a middle and an end', async () => {
  const { store, clock } = await storeOf(6_000)
  const phases = new Set<MergePhase>()
  let lastWritten = 0
  let estimates = 0
  clock.onTurn = () => {
    clock.advance(1)
    const { progress } = store.stats().merges
    if (progress === undefined) return
    phases.add(progress.phase)
    expect(progress).toMatchObject({
      inputFiles: expect.any(Number),
      inputBytes: expect.any(Number),
    })
    expect(progress.writtenBytes).toBeGreaterThanOrEqual(lastWritten)
    expect(progress.writtenBytes).toBeLessThanOrEqual(progress.expectedBytes)
    lastWritten = progress.writtenBytes
    if (progress.leftMs === undefined) return
    estimates++
    expect(progress.leftMs).toBeGreaterThanOrEqual(0)
    expect(progress.leftMs).toBeLessThan(60_000)
  }
  const report = await store.merge()
  clock.onTurn = () => undefined
  expect([...phases]).toEqual(expect.arrayContaining(['copying', 'adopting']))
  expect(estimates).toBeGreaterThan(5)
  expect(lastWritten).toBeLessThanOrEqual(report.outputBytes)
  expect(store.stats().merges).toMatchObject({ progress: undefined, last: report })
  await store.close()
})

test('a store that closes does not wait for the copying of a merge', async () => {
  const { store, disk } = await storeOf(6_000)
  const outcome = store.merge().catch((error: unknown) => error)
  await turnsUntil(() => (store.stats().merges.progress?.writtenBytes ?? 0) > 0)
  const { writtenBytes } = store.stats().merges.progress!
  const merges = store.stats().merges
  await store.close()
  expect(await outcome).toMatchObject({ code: 'KV_CLOSED' })
  expect(writtenBytes).toBeLessThan(merges.progress!.expectedBytes / 2)
  expect([...disk.files().keys()].filter((path) => path.startsWith('/db/data/'))).toEqual([])
  await expectAll(disk, 6_000)
})

test('nor for one that is paused', async () => {
  const { store, disk } = await storeOf(6_000)
  const outcome = store.merge().catch((error: unknown) => error)
  await turnsUntil(() => (store.stats().merges.progress?.writtenBytes ?? 0) > 0)
  store.pauseMerges()
  await turns(5)
  await store.close()
  expect(await outcome).toMatchObject({ code: 'KV_CLOSED' })
  await expectAll(disk, 6_000)
})

test('nor for long for the keydir: the next open finds the outputs by MANIFEST', async () => {
  const { store, disk, clock } = await storeOf(6_000)
  let closing: Promise<void> | undefined
  clock.onTurn = () => {
    if (closing !== undefined) clock.advance(20)
    else if (store.stats().merges.progress?.phase === 'adopting') closing = store.close()
  }
  const report = await store.merge()
  await closing
  expect(report.outputFiles).toBeGreaterThan(0)
  await using again = await Store.open('/db', { fileSystem: disk, clock: new TestClock() })
  expect(again.stats()).toMatchObject({
    keys: 6_000,
    recovery: { fromImage: false },
    files: { mergeOutputs: report.outputFiles, logSegments: 1 },
  })
  expect((await again.get(key(17)))?.value.length).toBe(20)
})

test('what is left to adopt after the close is adopted when it is little', async () => {
  const { store, disk, clock } = await storeOf(6_000)
  let closing: Promise<void> | undefined
  clock.onTurn = () => {
    if (store.stats().merges.progress?.phase === 'adopting') closing ??= store.close()
  }
  await store.merge()
  await closing
  await using again = await Store.open('/db', { fileSystem: disk, clock: new TestClock() })
  expect(again.stats()).toMatchObject({ keys: 6_000, recovery: { fromImage: true } })
})

test('an automatic merge that does not fit tries less, says so once, and comes when there is room', async () => {
  const warnings: { err?: { code?: string; details?: object } }[] = []
  const logger = {
    info: () => undefined,
    error: () => undefined,
    warn: (fields: object, message: string) => {
      if (message.includes('does not fit')) warnings.push(fields)
    },
  }
  const options = { autoMerge: true, segmentBytes: 16 * kibi, diskReserveBytes: 0, logger }
  const { store, disk, clock } = await storeOf(1_000, options)
  store.pauseMerges()
  await putSome(store, 1_000)
  disk.free = { bytes: 64, totalBytes: mebi, files: 1e6 }
  clock.advance(1_000)
  await store.put('look', 'at the disk')
  await turns(5)
  const before = store.stats()
  expect(before.merges.deadRatio).toBeGreaterThan(0.3)
  store.resumeMerges()
  for (let write = 0; write < 200; write++) await store.put(`more${write}`, 'x'.repeat(20))
  await turns(20)
  expect(store.stats().merges).toMatchObject({
    completed: before.merges.completed,
    lacksRoom: true,
  })
  expect(warnings).toEqual([
    {
      err: expect.objectContaining({
        code: 'KV_DISK_FULL',
        details: { neededBytes: expect.any(Number), freeBytes: 64 },
      }),
    },
  ])
  // Room for one file, not for what a merge takes at best.
  disk.free = { bytes: 24 * kibi, totalBytes: mebi, files: 1e6 }
  clock.advance(1_000)
  for (let write = 0; write < 400; write++) await store.put(`more${write}`, 'x'.repeat(20))
  await turnsUntil(() => store.stats().merges.completed > before.merges.completed)
  expect(store.stats().merges.last!.outputBytes).toBeLessThanOrEqual(24 * kibi)
  expect(store.stats().merges.lacksRoom).toBe(false)
  await store.close()
})

test('a store far smaller than a segment does not grow to the size of one', async () => {
  const segmentBytes = 256 * kibi
  const { store } = await storeOf(500, { autoMerge: true, segmentBytes })
  const liveBytes = 500 * (28 + 8 + 20)
  let bytesMax = 0
  for (let round = 0; round < 40; round++) {
    await putAll(store, 500)
    await turns(3)
    bytesMax = Math.max(bytesMax, store.stats().files.bytes)
  }
  expect(store.stats().merges.completed).toBeGreaterThan(10)
  expect(bytesMax).toBeLessThan(liveBytes * 2 + segmentBytes / 2)
  await store.close()
})

test('tombstones that a merge had to keep are known after a restart, and merged into nothing again', async () => {
  const { store, disk, clock } = await storeOf(1_000, { segmentBytes: 32 * kibi })
  await store.merge()
  for (let each = 0; each < 300; each++) await store.delete(key(each * 3))
  // Only the log is an input: what is dead in the outputs stays out of it.
  await store.close()
  const options = { fileSystem: disk, clock, segmentBytes: 32 * kibi, autoMerge: false }
  const again = await Store.open('/db', { ...options, mergeInputBytesMax: 8 * kibi })
  const { keptTombstones } = await again.merge()
  expect(keptTombstones).toBeGreaterThan(0)
  const { deadRatio } = again.stats().merges
  await again.close()
  await using third = await Store.open('/db', { ...options, autoMerge: true, mergeDeadRatioMin: 1 })
  expect(third.stats().merges.deadRatio).toBeCloseTo(deadRatio, 5)
  await turns(20)
  expect(third.stats().merges.completed).toBe(0)
})

test('after a merge that failed the next one waits', async () => {
  const { store, disk, clock } = await storeOf(400, { autoMerge: true, segmentBytes: 16 * kibi })
  disk.failAt({ at: syncsNames, code: 'EIO', sticky: true })
  for (let round = 0; round < 6; round++) await putAll(store, 400)
  await turns(20)
  expect(store.stats().merges).toMatchObject({ completed: 0, failed: 1 })
  disk.clearFaults()
  await putAll(store, 400)
  await turns(20)
  expect(store.stats().merges).toMatchObject({ completed: 0, failed: 1 })
  clock.advance(1_000)
  await putAll(store, 400)
  await turnsUntil(() => store.stats().merges.completed > 0)
  await store.close()
})

test('an output is synced in slices, so that no sync of the log waits behind all of it', async () => {
  const disk = new SimFileSystem()
  const options = { fileSystem: disk, clock: new TestClock(), autoMerge: false }
  const store = await Store.open('/db', options)
  const value = Buffer.alloc(mebi, 'x')
  for (let each = 0; each < 20; each++) await store.put(`k${each}`, value)
  const operations = disk.record()
  const from = operations.length
  await store.merge()
  let unsynced = 0
  let syncs = 0
  for (const { kind, path, bytes } of operations.slice(from)) {
    if (!/^\/db\/data\/.*\.data$/.test(path)) continue
    if (kind === 'write') unsynced += bytes
    if (kind !== 'sync') continue
    expect(unsynced).toBeLessThanOrEqual(6 * mebi)
    unsynced = 0
    syncs++
  }
  expect(unsynced).toBe(0)
  expect(syncs).toBeGreaterThan(4)
  await store.close()
})

function syncsNames({ kind, path }: SimOperation): boolean {
  return kind === 'syncDirectory' && path === '/db/data'
}

test('writes wait while a merge runs that is far behind, a moment each, and not once it has caught up', async () => {
  const { store, clock } = await storeOf(6_000, { autoMerge: true, segmentBytes: mebi })
  store.pauseMerges()
  for (let round = 0; round < 40; round++) await store.put('large', Buffer.alloc(mebi, round))
  const answered: string[] = []
  const write = async (name: string): Promise<void> => {
    await store.put(name, Buffer.alloc(mebi / 2))
    answered.push(name)
  }
  clock.advance(50)
  await write('while merges are paused')
  store.resumeMerges()
  await turnsUntil(() => store.stats().merges.running)
  clock.advance(50)
  await write('first')
  const second = write('second')
  await turns(5)
  expect(store.stats().merges.running).toBe(true)
  expect(answered).toEqual(['while merges are paused', 'first'])
  clock.advance(100)
  await second
  // Half a MiB at the lowest rate.
  expect(store.stats().merges.heldBackMs).toBe(62)
  await turnsUntil(() => !store.stats().merges.running)
  clock.advance(50)
  await write('third')
  await write('fourth')
  expect(store.stats().merges.heldBackMs).toBe(62)
  await store.close()
})

test('a close waits for no merge: what is held back is written at once', async () => {
  const { store, clock, disk } = await storeOf(6_000, { autoMerge: true, segmentBytes: mebi })
  store.pauseMerges()
  for (let round = 0; round < 40; round++) await store.put('large', Buffer.alloc(mebi, round))
  store.resumeMerges()
  await turnsUntil(() => store.stats().merges.running)
  clock.advance(50)
  await store.put('first', Buffer.alloc(mebi / 2))
  // In runs of their own, each of which would wait for the one before it.
  const held = Array.from({ length: 6 }, (_, at) => store.put(`held ${at}`, Buffer.alloc(mebi)))
  await turns(5)
  const closed = store.close()
  clock.advance(62)
  await Promise.all(held)
  await closed
  await using again = await Store.open('/db', { fileSystem: disk, clock: new TestClock() })
  expect((await again.get('held 5'))?.value.length).toBe(mebi)
})

async function storeOf(
  keys: number,
  options: StoreOptions = {},
): Promise<{ store: Store; disk: SimFileSystem; clock: TurningClock }> {
  const disk = new SimFileSystem()
  const clock = new TurningClock()
  const store = await Store.open('/db', {
    fileSystem: disk,
    clock,
    segmentBytes: 256 * kibi,
    autoMerge: false,
    ...options,
  })
  await putAll(store, keys)
  return { store, disk, clock }
}

/** Writes every key, in batches. */
async function putAll(store: Store, keys: number): Promise<void> {
  for (let from = 0; from < keys; from += 100) {
    await store.batch(
      Array.from({ length: Math.min(100, keys - from) }, (_, at) => ({
        type: 'put' as const,
        key: key(from + at),
        value: 'x'.repeat(20),
      })),
    )
  }
}

/** Writes every second key, so that half of each file is dead. */
async function putSome(store: Store, keys: number): Promise<void> {
  for (let each = 0; each < keys; each += 2) await store.put(key(each), 'y'.repeat(20))
}

function key(each: number): string {
  return `k${String(each).padStart(7, '0')}`
}

async function expectAll(disk: SimFileSystem, keys: number): Promise<void> {
  await using again = await Store.open('/db', { fileSystem: disk, clock: new TestClock() })
  expect(again.stats().keys).toBe(keys)
  expect((await again.get(key(keys - 1)))?.value.length).toBe(20)
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve))
}

async function turnsUntil(isSo: () => boolean): Promise<void> {
  for (let turn = 0; turn < 20_000 && !isSo(); turn++) await turns(1)
  expect(isSo()).toBe(true)
}
