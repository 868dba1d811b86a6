import { expect, test } from 'vitest'
import { TestClock } from '../../test/test-clock.ts'
import { Pace } from './pace.ts'

const mebi = 1024 * 1024

/** Whether a promise has settled by the next turn of the event loop. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  const note = (): void => {
    settled = true
  }
  promise.then(note, note)
  await new Promise((resolve) => setImmediate(resolve))
  return settled
}

test('what is beyond the pace waits, just as long as it must', async () => {
  const clock = new TestClock()
  const pace = new Pace(clock, mebi, undefined)
  await pace.spend(mebi)
  const waiting = pace.spend(mebi / 2)
  expect(await isSettled(waiting)).toBe(false)
  clock.advance(499)
  expect(await isSettled(waiting)).toBe(false)
  clock.advance(1)
  await waiting
  // Time that went by unused counts for one burst, and for no more.
  clock.advance(1_000_000)
  await pace.spend(mebi)
  expect(await isSettled(pace.spend(mebi))).toBe(false)
})

test('without a bound nothing waits', async () => {
  const pace = new Pace(new TestClock(), Number.POSITIVE_INFINITY, undefined)
  for (let step = 0; step < 10; step++) await pace.spend(2 ** 40)
})

test('a stop, or a signal, wakes who waits, with its reason', async () => {
  const clock = new TestClock()
  const reason = new Error('enough')
  const stopped = new Pace(clock, 1_024, undefined)
  const first = stopped.spend(2 * mebi)
  expect(await isSettled(first)).toBe(false)
  stopped.stop(reason)
  stopped.stop(new Error('later'))
  await expect(first).rejects.toBe(reason)
  expect(() => stopped.check()).toThrow(reason)

  const abort = new AbortController()
  const signalled = new Pace(clock, 1_024, abort.signal)
  const second = signalled.spend(2 * mebi)
  expect(await isSettled(second)).toBe(false)
  abort.abort(reason)
  await expect(second).rejects.toBe(reason)
  expect(() => signalled.check()).toThrow(reason)
})
