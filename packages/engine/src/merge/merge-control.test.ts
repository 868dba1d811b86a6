import { expect, test } from 'vitest'
import { TestClock } from '../../test/test-clock.ts'
import { MergeControl } from './merge-control.ts'

const mebi = 1024 * 1024

test('a merge goes on, halts while it is paused, and ends when it is stopped', async () => {
  const store = new MergeControl()
  const merge = new MergeControl(store.shared)
  const clock = new TestClock()
  await merge.checkpoint(clock)
  store.pause()
  let passed = false
  const checkpoint = merge.checkpoint(clock).finally(() => {
    passed = true
  })
  await settled()
  expect(passed).toBe(false)
  store.resume()
  await checkpoint
  store.pause()
  const stopped = merge.checkpoint(clock)
  store.stop()
  await expect(stopped).rejects.toMatchObject({ code: 'KV_CLOSED' })
  expect(merge.isStopped).toBe(true)
  expect(() => merge.refuseWhenStopped()).toThrow('the merge was stopped')
  // A stop is for good.
  store.pause()
  store.resume()
  expect(merge.isStopped).toBe(true)
})

test('what the merge has done shows on the other side', async () => {
  const store = new MergeControl()
  const merge = new MergeControl(store.shared)
  await merge.keepPace(new TestClock(), 5 * 2 ** 32, 3)
  await merge.keepPace(new TestClock(), 1, 1)
  expect([store.readBytes, store.writtenBytes]).toEqual([5 * 2 ** 32 + 1, 4])
})

test.each([1, 10, 400])('at %d MiB a second, so much and no more is let through', async (pace) => {
  const control = new MergeControl()
  const clock = new TestClock()
  control.setPace(pace * mebi)
  const batchBytes = mebi / 4
  let bytes = 0
  const end = new AbortController()
  const merging = (async () => {
    while (!end.signal.aborted) {
      await control.checkpoint(clock)
      await control.keepPace(clock, batchBytes / 2, batchBytes / 2)
      bytes += batchBytes
    }
  })()
  const seconds = 20
  for (let ms = 0; ms < seconds * 1_000; ms += 2) {
    await settled(pace > 100 ? 8 : 2)
    clock.advance(2)
  }
  end.abort()
  clock.advance(1_000)
  await merging
  const reached = bytes / mebi / seconds
  expect(reached).toBeGreaterThan(pace * 0.8)
  expect(reached).toBeLessThan(pace * 1.1 + 0.2)
})

test('a merge that waits for its pace hears of a stop', async () => {
  const control = new MergeControl()
  const clock = new TestClock()
  control.setPace(1024)
  await control.keepPace(clock, mebi, mebi)
  const waiting = control.keepPace(clock, mebi, mebi)
  await settled()
  control.stop()
  clock.advance(20)
  await expect(waiting).rejects.toMatchObject({ code: 'KV_CLOSED' })
})

test('without a bound nothing waits', async () => {
  const control = new MergeControl()
  control.setPace(Number.POSITIVE_INFINITY)
  for (let batch = 0; batch < 1_000; batch++) await control.keepPace(new TestClock(), mebi, mebi)
  expect(control.writtenBytes).toBe(1_000 * mebi)
})

async function settled(turns = 3): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve))
}
