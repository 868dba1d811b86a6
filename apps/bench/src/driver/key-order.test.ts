import { expect, test } from 'vitest'
import { KeyOrder } from './key-order.ts'
import { keyOf } from './keys.ts'

test('neighbours are neighbours, and every key knows how many follow', () => {
  const order = new KeyOrder(100, 1_000)
  const all = [...order.neighbours(0, 1_000)]
  const keys = all.map(keyOf)
  expect(keys).toEqual([...keys].sort())
  expect(new Set(all).size).toBe(1_000)
  expect(Math.min(...all)).toBe(100)
  for (const [rank, index] of all.entries()) {
    expect(order.entriesFrom(index, false)).toBe(1_000 - rank)
    expect(order.entriesFrom(index, true)).toBe(rank + 1)
  }
  expect([...order.neighbours(0.5, 10)]).toEqual(all.slice(495, 505))
})
