import { expect, test } from 'vitest'
import { TestClock } from '../test/test-clock.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { silentLogger } from './logger.ts'
import type { MergeReport } from './merge/merge-report.ts'
import { Store } from './store.ts'

const mebi = 1024 * 1024
const total = 1024 * mebi

test('below the reserve puts are refused, deletes, reads and merges go on, and puts resume', async () => {
  const disk = new SimFileSystem()
  const clock = new TestClock()
  const said: string[] = []
  const logger = {
    info: (_: object, text: string) => void said.push(text),
    warn: (_: object, text: string) => void said.push(text),
    error: () => undefined,
  }
  const options = { fileSystem: disk, clock, logger, segmentBytes: 256, autoMerge: false }
  await using store = await Store.open('/db', options)
  for (const key of ['a', 'b', 'c']) await store.put(key, 'x'.repeat(100))
  disk.free = { bytes: 10 * mebi, totalBytes: total, files: 1e6 }
  clock.advance(1_000)
  await store.put('noticed', 'by this write')
  await settled()
  const full = {
    code: 'KV_DISK_FULL',
    retryable: true,
    outcome: 'not-applied',
    details: { freeBytes: 10 * mebi, reserveBytes: 64 * mebi },
  }
  await expect(store.put('d', '')).rejects.toMatchObject(full)
  await expect(store.batch([{ type: 'put', key: 'd', value: '' }])).rejects.toMatchObject(full)
  expect(await store.get('d')).toBeUndefined()
  expect((await store.get('a'))?.value.length).toBe(100)
  expect(await store.delete('a')).toMatchObject({ existed: true })
  await store.batch([{ type: 'delete', key: 'b' }])
  expect(await store.merge()).toMatchObject({ liveRecords: 2 })
  expect(store.stats().disk).toEqual({ freeBytes: 10 * mebi, isLow: true })
  disk.free = { bytes: 100 * mebi, totalBytes: total, files: 1e6 }
  clock.advance(1_000)
  await settled()
  await store.put('d', '')
  expect(store.stats().disk.isLow).toBe(false)
  expect(said.filter((text) => text.includes('disk'))).toEqual([
    expect.stringContaining('puts are refused'),
    expect.stringContaining('puts go on'),
  ])
})

test.each([
  ['a disk that is already low when the store is opened', 1 * mebi, total, 1e6, true],
  ['names that run out', 500 * mebi, total, 10, true],
  ['a small disk, of which a sixteenth is kept', 3 * mebi, 32 * mebi, 1e6, false],
])('%s', async (_, bytes, totalBytes, files, isLow) => {
  const disk = new SimFileSystem()
  disk.free = { bytes, totalBytes, files }
  await using store = await Store.open('/db', { fileSystem: disk, clock: new TestClock() })
  expect(store.stats().disk.isLow).toBe(isLow)
  const put = store.put('a', '')
  if (isLow) await expect(put).rejects.toMatchObject({ code: 'KV_DISK_FULL' })
  else await put
})

test('without a reserve nothing is refused', async () => {
  const disk = new SimFileSystem()
  disk.free = { bytes: 0, totalBytes: total, files: 0 }
  await using store = await Store.open('/db', { fileSystem: disk, diskReserveBytes: 0 })
  await store.put('a', '')
})

test('a merge that would not fit does not start, and says why; a smaller one does', async () => {
  const disk = new SimFileSystem()
  const steps: MergeReport[] = []
  const logger = {
    ...silentLogger,
    info: (report: object) => void steps.push(report as MergeReport),
  }
  const options = {
    fileSystem: disk,
    clock: new TestClock(),
    segmentBytes: 1024,
    autoMerge: false,
    logger,
  }
  await using store = await Store.open('/db', options)
  for (let write = 0; write < 40; write++) await store.put(`k${write}`, 'x'.repeat(100))
  disk.free = { bytes: 500, totalBytes: 16 * 500, files: 1e6 }
  await expect(store.merge()).rejects.toMatchObject({
    code: 'KV_DISK_FULL',
    message: expect.stringMatching(/the smallest merge needs up to \d+ bytes/),
    details: { neededBytes: expect.any(Number), freeBytes: 500 },
  })
  expect(steps).toEqual([])
  disk.free = { bytes: 3_000, totalBytes: 16 * 3_000, files: 1e6 }
  const report = await store.merge()
  expect(steps.length).toBeGreaterThan(1)
  expect(report.inputFiles).toBe(steps.reduce((sum, { inputFiles }) => sum + inputFiles, 0))
  for (const { outputBytes } of steps) expect(outputBytes).toBeLessThanOrEqual(3_000)
  expect(store.stats().files.logSegments).toBe(1)
})

test('a small disk is looked at often enough that its reserve is not used up in between', async () => {
  const disk = new SimFileSystem()
  const size = 16 * mebi
  disk.free = { bytes: size, totalBytes: size, files: 1e6 }
  const options = { fileSystem: disk, clock: new TestClock(), autoMerge: false }
  await using store = await Store.open('/db', options)
  const value = Buffer.alloc(32 * 1024)
  for (;;) {
    disk.free = { ...disk.free, bytes: size - store.stats().files.bytes }
    const code = await store.put('a', value).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    )
    if (code === 'KV_DISK_FULL') break
    await settled()
    expect(disk.free.bytes).toBeGreaterThan(0.6 * mebi)
  }
  expect(disk.free.bytes).toBeLessThan(mebi)
})

test('on a low disk deletes alone bring about the merge that makes room', async () => {
  const disk = new SimFileSystem()
  const clock = new TestClock()
  disk.free = { bytes: total, totalBytes: total, files: 1e6 }
  await using store = await Store.open('/db', { fileSystem: disk, clock, segmentBytes: 16 * 1024 })
  for (let put = 0; put < 200; put++) await store.put(`key ${put}`, 'x'.repeat(1_000))
  while (store.stats().files.unsealedSegments > 0) await settled()
  disk.free = { bytes: mebi, totalBytes: total, files: 1e6 }
  clock.advance(1_000)
  // The tombstones do not fill the segment that they are written to.
  for (let put = 0; put < 150; put++) await store.delete(`key ${put}`)
  for (let second = 0; second < 20 && store.stats().merges.completed === 0; second++) {
    clock.advance(1_000)
    for (let turn = 0; turn < 20; turn++) await settled()
  }
  expect(store.stats().disk.isLow).toBe(true)
  expect(store.stats().merges.completed).toBeGreaterThan(0)
  expect(store.stats().files.bytes).toBeLessThan(100_000)
})

test('a disk that others have filled is noticed by puts that write nothing, and told of once', async () => {
  const disk = new SimFileSystem()
  const clock = new TestClock()
  const said: string[] = []
  const logger = {
    info: () => undefined,
    warn: (_: object, text: string) => void said.push(text),
    error: () => undefined,
  }
  await using store = await Store.open('/db', { fileSystem: disk, clock, logger })
  await store.put('a', '')
  disk.failAt({ at: ({ kind }) => kind === 'write', code: 'ENOSPC', sticky: true })
  disk.free = { bytes: 0, totalBytes: total, files: 1e6 }
  for (let put = 0; put < 10; put++) {
    await expect(store.put('b', '')).rejects.toMatchObject({ code: 'KV_DISK_FULL' })
    clock.advance(500)
    await settled()
  }
  expect(store.stats().disk.isLow).toBe(true)
  expect(said).toEqual([expect.stringContaining('puts are refused')])
  disk.clearFaults()
})

async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
