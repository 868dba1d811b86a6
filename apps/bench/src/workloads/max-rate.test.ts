import { expect, test } from 'vitest'
import { highestRate } from './max-rate.ts'

test.each([1_500, 12_345, 99_000])('finds a limit of %i a second to 7 %%', async (limit) => {
  let tries = 0
  const found = await highestRate(async (rate) => {
    tries++
    return rate <= limit
  })
  expect(found).toBeLessThanOrEqual(limit)
  expect(found).toBeGreaterThan(limit * 0.93)
  expect(tries).toBeLessThan(15)
})

test('a store that cannot hold any rate has none', async () => {
  expect(await highestRate(async () => false)).toBe(0)
})
