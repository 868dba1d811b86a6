import { expect, test } from 'vitest'
import { sortedKeys } from './key-sort.ts'

test.each([
  ['none', []],
  ['one', [Buffer.from('a')]],
  ['the empty key often', Array.from({ length: 100 }, () => Buffer.alloc(0))],
  ['every byte', every(1_000, (at) => Buffer.from([at * 7, at * 13]))],
  ['a prefix in common', every(3_000, (at) => Buffer.from(`user:${(at * 7_919) % 3_000}`))],
  ['each the beginning of the next', every(300, (at) => Buffer.alloc((at * 101) % 300, 'a'))],
  ['few keys, each often', every(5_000, (at) => Buffer.from(`k${(at * at) % 7}`))],
  ['alike for 65,535 bytes', every(60, (at) => Buffer.alloc(65_535, 'x').fill(at % 5, 65_534))],
  ['of random lengths and bytes', every(4_000, (at) => randomKey(at))],
])('%s: in the order of their bytes, equal ones in their own', (_, keys) => {
  const places = keys.map((_, place) => place)
  const expected = places.toSorted((a, b) => Buffer.compare(keys[a]!, keys[b]!) || a - b)
  expect(sorted(keys)).toEqual(expected)
})

test('many keys are sorted in slices', () => {
  const keys = every(100_000, (at) => Buffer.from(`${(at * 7_919) % 100_000}`.padStart(6, '0')))
  const sorting = sortedKeys(listOf(keys))
  let halts = 0
  let step = sorting.next()
  for (; step.done !== true; step = sorting.next()) halts++
  expect(halts).toBeGreaterThan(3)
  expect(keys[step.value[99_999]!]?.toString()).toBe('099999')
})

function every(count: number, keyOf: (at: number) => Buffer): Buffer[] {
  return Array.from({ length: count }, (_, at) => keyOf(at))
}

function randomKey(at: number): Buffer {
  const seed = Math.imul(at + 1, 0x9e37_79b1) >>> 0
  return Buffer.alloc(seed % 9, Buffer.from([seed >>> 8, (seed >>> 20) % 3]))
}

function listOf(keys: readonly Buffer[]) {
  const starts = new Uint32Array(keys.length + 1)
  for (const [place, key] of keys.entries()) starts[place + 1] = starts[place]! + key.length
  return { bytes: Buffer.concat(keys), starts, count: keys.length }
}

function sorted(keys: readonly Buffer[]): number[] {
  const sorting = sortedKeys(listOf(keys))
  let step = sorting.next()
  while (step.done !== true) step = sorting.next()
  return [...step.value]
}
