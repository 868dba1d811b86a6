import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SortedKeys } from './sorted-keys.ts'

const key = fc.nat(40).map((number) => String(number))

test('is a sorted array', () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 80 }), key, (toggled, from) => {
      const keys = new SortedKeys()
      const model = new Set<string>()
      for (const key of toggled) {
        if (model.delete(key)) keys.remove(key)
        else {
          model.add(key)
          keys.insert(key)
        }
      }
      const sorted = [...model].sort()
      expect(ascending(keys, from)).toEqual(sorted.filter((key) => key >= from))
      expect(descending(keys, from)).toEqual(sorted.filter((key) => key <= from).reverse())
      expect(descending(keys, undefined)).toEqual(sorted.reverse())
    }),
  )
})

test.each([
  ['in order', (place: number) => place],
  ['in reverse', (place: number) => 9_999 - place],
  ['all over', (place: number) => (place * 7_919) % 10_000],
])('many keys that come %s, and go', (_, numberAt) => {
  const keys = new SortedKeys()
  const inserted = Array.from({ length: 10_000 }, (_, place) =>
    String(numberAt(place)).padStart(4, '0'),
  )
  for (const key of inserted) keys.insert(key)
  expect(ascending(keys, '')).toEqual([...inserted].sort())
  for (const key of inserted.slice(0, 9_000)) keys.remove(key)
  expect(ascending(keys, '')).toEqual(inserted.slice(9_000).sort())
  for (const key of inserted.slice(9_000)) keys.remove(key)
  expect(ascending(keys, '')).toEqual([])
  keys.insert('again')
  expect(descending(keys, undefined)).toEqual(['again'])
})

test('a walk ends when it is told to', () => {
  const keys = new SortedKeys()
  for (const key of ['a', 'b', 'c']) keys.insert(key)
  const seen: string[] = []
  keys.ascend('', (key) => seen.push(key) < 2)
  keys.descend(undefined, (key) => seen.push(key) < 4)
  expect(seen).toEqual(['a', 'b', 'c', 'b'])
})

function ascending(keys: SortedKeys, from: string): string[] {
  const seen: string[] = []
  keys.ascend(from, (key) => seen.push(key) > 0)
  return seen
}

function descending(keys: SortedKeys, from: string | undefined): string[] {
  const seen: string[] = []
  keys.descend(from, (key) => seen.push(key) > 0)
  return seen
}
