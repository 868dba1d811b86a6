import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { logSegment, operation } from '../../test/log-bytes.ts'
import { TestClock } from '../../test/test-clock.ts'
import { segmentFileName } from '../file-names.ts'
import { logOrigin } from '../frame.ts'
import type { SegmentWithoutHint } from '../segment-hint.ts'
import { Store } from '../store.ts'
import { WorkerJobs } from './worker-jobs.ts'

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(`${tmpdir()}/kv-worker-jobs-`)
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

test('a job is done on another thread, and the next one after the thread has ended', async () => {
  const clock = new TestClock()
  const jobs = new WorkerJobs(clock)
  const threads: Worker[] = []
  const note = (thread: Worker): number => threads.push(thread)
  process.on('worker', note)
  try {
    for (let round = 1; round <= 2; round++) {
      await jobs.writeSegmentHint(await segmentIn(1))
      expect(await readdir(folder)).toContain('0000000000000001.hint')
      await rm(`${folder}/0000000000000001.hint`)
      expect(threads).toHaveLength(round)
      const ended = once(threads[round - 1]!, 'exit')
      clock.advance(60_000)
      await ended
    }
  } finally {
    process.off('worker', note)
  }
})

test('an error of the disk is told as what it is', async () => {
  const jobs = new WorkerJobs(new TestClock())
  const missing = { ...(await segmentIn(1)), fileName: 'missing' }
  await expect(jobs.writeSegmentHint(missing)).rejects.toMatchObject({ code: 'ENOENT' })
})

test('damage is told, and hurts no other job', async () => {
  const jobs = new WorkerJobs(new TestClock())
  const good = await segmentIn(1)
  const damaged = { ...good, bytes: good.bytes - 1 }
  const [bad, done] = await Promise.allSettled([
    jobs.writeSegmentHint(damaged),
    jobs.writeSegmentHint(good),
  ])
  expect(bad).toMatchObject({ reason: { message: expect.stringContaining('is damaged at byte') } })
  expect(done.status).toBe('fulfilled')
})

test('a thread that dies fails the jobs it had, and the next job gets another', async () => {
  const source = `
    import { parentPort } from 'node:worker_threads'
    parentPort.postMessage('ready')
    parentPort.on('message', () => { throw new Error('out of memory, say') })
  `
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`)
  const jobs = new WorkerJobs(new TestClock(), url)
  for (let attempt = 0; attempt < 2; attempt++) {
    const failed = { message: 'the worker thread failed', cause: expect.any(Error) }
    await expect(jobs.writeSegmentHint(await segmentIn(1))).rejects.toMatchObject(failed)
  }
})

test('a thread that cannot be started is worth another attempt', async () => {
  const url = new URL(
    `data:text/javascript,${encodeURIComponent('throw new Error("no file is free")')}`,
  )
  const jobs = new WorkerJobs(new TestClock(), url)
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(jobs.writeSegmentHint(await segmentIn(1))).rejects.toMatchObject({
      code: 'KV_TRY_LATER',
      message: expect.stringContaining('no file is free'),
    })
  }
})

test('a merge on the thread halts while it is paused, and goes on', async () => {
  await using store = await Store.open(`${folder}/store`, {
    autoMerge: false,
    durability: 'never',
    // It copies for seconds, so that it is not over before this thread has its core to pause it.
    mergeBytesPerSecondMax: 2 * 1024 * 1024,
  })
  const records = 60_000
  for (let from = 0; from < records; from += 1_000) {
    await store.batch(
      Array.from({ length: 1_000 }, (_, at) => ({ type: 'put', key: `k${from + at}`, value: 'v' })),
    )
  }
  const merging = store.merge()
  const progress = () => store.stats().merges.progress
  while ((progress()?.writtenBytes ?? 0) === 0) await turn()
  store.pauseMerges()
  let halted = progress()?.writtenBytes
  for (let still = 0; still < 2_000; still++) {
    await turn()
    if (progress()?.writtenBytes !== halted) still = 0
    halted = progress()?.writtenBytes
  }
  expect(halted).toBeLessThan(progress()!.expectedBytes)
  expect(progress()?.phase).toBe('copying')
  store.resumeMerges()
  expect((await merging).liveRecords).toBe(records)
})

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function segmentIn(id: number): Promise<SegmentWithoutHint> {
  const { bytes, end } = logSegment(logOrigin, [[operation('a', '1')], [operation('b', '2')]])
  const fileName = segmentFileName(id)
  await writeFile(`${folder}/${fileName}`, bytes)
  return {
    folder,
    fileName,
    id,
    bytes: bytes.length,
    start: logOrigin,
    highestIndex: end.index - 1,
    footerCrc: 7,
  }
}
