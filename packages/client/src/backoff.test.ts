import { expect, test } from 'vitest'
import { Backoff } from './backoff.ts'

test('the delay doubles up to its maximum, and begins anew after a reset', () => {
  const backoff = new Backoff(50, 300, () => 0)
  expect([1, 2, 3, 4, 5].map(() => backoff.next())).toEqual([50, 100, 200, 300, 300])
  expect(backoff.attempts).toBe(5)
  backoff.reset()
  expect(backoff.attempts).toBe(0)
  expect(backoff.next()).toBe(50)
})

test('chance takes off up to half', () => {
  const backoff = new Backoff(100, 100, () => 0.999)
  expect(backoff.next()).toBeCloseTo(50, 0)
})

test('it never overflows', () => {
  const backoff = new Backoff(1, 2_000)
  for (let attempt = 0; attempt < 5_000; attempt++)
    expect(backoff.next()).toBeLessThanOrEqual(2_000)
})
