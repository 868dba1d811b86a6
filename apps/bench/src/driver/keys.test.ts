import { expect, test } from 'vitest'
import { keyOf } from './keys.ts'

test('keys have 16 bytes, and no two numbers give the same one', () => {
  const keys = new Set<string>()
  const indexes = [...Array(100_000).keys(), 2 ** 31, 2 ** 32 - 1]
  for (const index of indexes) keys.add(keyOf(index))
  expect(keys.size).toBe(indexes.length)
  expect([...keys].every((key) => Buffer.byteLength(key) === 16)).toBe(true)
})

test('counting up does not go in the order of the keys', () => {
  const keys = Array.from({ length: 10_000 }, (_, index) => keyOf(index))
  const ascents = keys.filter((key, at) => at > 0 && key > keys[at - 1]!).length
  expect(ascents).toBeGreaterThan(4_500)
  expect(ascents).toBeLessThan(5_500)
})
