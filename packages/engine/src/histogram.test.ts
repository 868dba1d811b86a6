import { expect, test } from 'vitest'
import { LatencyHistogram } from './histogram.ts'

test('nothing recorded', () => {
  expect(new LatencyHistogram().summary()).toEqual({ count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 })
})

test('percentiles are right within 1 %', () => {
  const histogram = new LatencyHistogram()
  for (let ms = 1; ms <= 1_000; ms++) histogram.record(ms)
  const { count, p50Ms, p99Ms, maxMs } = histogram.summary()
  expect(count).toBe(1_000)
  expect(Math.abs(p50Ms - 500)).toBeLessThan(5)
  expect(Math.abs(p99Ms - 990)).toBeLessThan(10)
  expect(Math.abs(maxMs - 1_000)).toBeLessThan(10)
})

test('times from nothing to a minute', () => {
  const histogram = new LatencyHistogram()
  for (const ms of [0, 0.0001, 60_000]) histogram.record(ms)
  expect(histogram.summary().count).toBe(3)
  expect(histogram.summary().p50Ms).toBeLessThan(0.001)
})
