import { expect, test } from 'vitest'
import { chooser, type KeyChoice } from './key-choice.ts'
import { randomFrom } from './random.ts'

function drawn(choice: KeyChoice, count: () => number, draws: number): number[] {
  const next = chooser(choice, count, randomFrom(7))
  return Array.from({ length: draws }, next)
}

test('uniform takes every key about as often', () => {
  const counts = Array<number>(10).fill(0)
  for (const at of drawn('uniform', () => 10, 100_000)) counts[at]!++
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
})

test('zipfian takes rank n about 1/n^0.99 as often as the first', () => {
  const counts = Array<number>(1_000).fill(0)
  for (const at of drawn('zipfian', () => 1_000, 400_000)) counts[at]!++
  expect(counts[0]! / counts[9]!).toBeGreaterThan(10 ** 0.99 * 0.8)
  expect(counts[0]! / counts[9]!).toBeLessThan(10 ** 0.99 * 1.3)
  const zeta = counts.reduce((sum, _, rank) => sum + 1 / (rank + 1) ** 0.99, 0)
  expect(counts[0]! / 400_000).toBeCloseTo(1 / zeta, 2)
})

test('latest prefers the newest, also those that come meanwhile', () => {
  let count = 1_000
  const next = chooser('latest', () => count, randomFrom(7))
  count = 2_000
  const drawn = Array.from({ length: 10_000 }, next)
  expect(drawn.filter((at) => at >= 1_990).length).toBeGreaterThan(3_000)
  expect(Math.max(...drawn)).toBe(1_999)
})

test('missing never takes a key that may exist, and sequence takes each once', () => {
  expect(Math.min(...drawn('missing', () => 10, 1_000))).toBeGreaterThanOrEqual(2 ** 31)
  expect(drawn('sequence', () => 5, 5)).toEqual([0, 1, 2, 3, 4])
})
