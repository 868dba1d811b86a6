import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { DeadlineTimer } from './deadline-timer.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** Deadlines by milliseconds from now, and the sweeps that were made of them. */
function timerOf(...delays: number[]) {
  const start = performance.now()
  const left = new Set(delays)
  const sweeps: number[] = []
  const timer = new DeadlineTimer((now) => {
    sweeps.push(now - start)
    for (const delay of left) if (start + delay <= now) left.delete(delay)
    return start + Math.min(...left)
  })
  return { timer, sweeps, watch: (delay: number) => timer.watch(start + delay) }
}

test('it sweeps at the earliest deadline, however they come, and then at the next', () => {
  const { sweeps, watch } = timerOf(30, 10, 20)
  for (const delay of [30, 10, 20]) watch(delay)
  vi.advanceTimersByTime(9)
  expect(sweeps).toEqual([])
  vi.advanceTimersByTime(100)
  expect(sweeps).toEqual([10, 20, 30])
})

test('calls with the usual timeout share one timer', () => {
  const { watch } = timerOf(10)
  for (let call = 0; call < 1_000; call++) watch(10 + call)
  expect(vi.getTimerCount()).toBe(1)
})

test('stopped, it sweeps no more', () => {
  const { timer, sweeps, watch } = timerOf(10)
  watch(10)
  timer.stop()
  vi.advanceTimersByTime(100)
  expect(sweeps).toEqual([])
})
