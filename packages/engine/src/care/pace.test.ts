import { expect, test, vi } from 'vitest'
import { TestClock } from '../../test/test-clock.ts'
import { type CareProgress, Pace } from './pace.ts'

test('what is read faster than the rate waits until the rate has caught up', async () => {
  const clock = new TestClock()
  const pace = new Pace(clock, { bytesPerSecondMax: 1_000 })
  const spent = pace.spend(500)
  clock.advance(499)
  expect(await Promise.race([spent, Promise.resolve('waits')])).toBe('waits')
  clock.advance(1)
  await spent
  // Time that passed unused is no credit.
  clock.advance(60_000)
  const again = pace.spend(100)
  clock.advance(100)
  await again
  expect(pace.bytesDone).toBe(600)
})

test('who waits with nothing else to do is kept alive', async () => {
  const clock = new TestClock()
  const waiting = vi.spyOn(clock, 'after')
  const spent = new Pace(clock, { bytesPerSecondMax: 1_000 }).spend(500)
  expect(waiting).toHaveBeenCalledExactlyOnceWith(500, expect.any(Function), true)
  clock.advance(500)
  await spent
})

test('a little ahead of the rate nobody waits', async () => {
  await new Pace(new TestClock(), { bytesPerSecondMax: 1_000 }).spend(20)
})

test('the signal ends the work, also while it waits', async () => {
  const stop = new AbortController()
  const pace = new Pace(new TestClock(), { bytesPerSecondMax: 1, signal: stop.signal })
  const spent = pace.spend(1_000)
  stop.abort(new Error('enough'))
  await expect(spent).rejects.toThrow('enough')
  expect(() => pace.begin('log')).toThrow('enough')
  await expect(pace.nextTurn()).rejects.toThrow('enough')
})

test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('a rate of %s is refused', (rate) => {
  expect(() => new Pace(new TestClock(), { bytesPerSecondMax: rate })).toThrow(
    `bytesPerSecondMax must be a number from 1 on, not ${rate}`,
  )
})

test('progress names the file, and never more done than there is', async () => {
  const seen: CareProgress[] = []
  const pace = new Pace(new TestClock(), { onProgress: (done) => seen.push(done) })
  pace.bytesTotal = 10
  pace.begin('NODE')
  await pace.spend(8)
  pace.begin('MANIFEST')
  await pace.spend(8)
  expect(seen).toEqual([
    { path: 'NODE', bytesDone: 8, bytesTotal: 10 },
    { path: 'MANIFEST', bytesDone: 16, bytesTotal: 16 },
  ])
})
