import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Entries } from './entries.ts'
import { KeyWords } from './key-words.ts'
import { sortEntries, sortedEntriesMax } from './sort-entries.ts'

const location = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }
/** Long common starts, zeros and ends that differ late or only in length. */
const key = fc
  .array(fc.constantFrom('', '\0', 'a', 'aaaaaaaa', 'b', 'ÿ'), { maxLength: 8 })
  .map((parts) => Buffer.from(parts.join(''), 'latin1'))

test('sorts entries by key', () => {
  fc.assert(
    fc.property(fc.array(key, { maxLength: 50 }), fc.nat(3), (keys, start) => {
      expectSorted(keys, start)
    }),
    { numRuns: 500 },
  )
})

test('sorts as many as it may, of one start', () => {
  expectSorted(
    Array.from({ length: sortedEntriesMax }, (_, place) =>
      Buffer.from(`${'x'.repeat(place % 3 === 0 ? 40 : 41)}${(place * 7919) % 65_536}`),
    ),
    0,
  )
})

function expectSorted(keys: Buffer[], start: number): void {
  const entries = new Entries()
  const list = new Int32Array(start + keys.length)
  for (const [place, key] of keys.entries()) {
    const words = new KeyWords()
    words.load(key, 0, key.length)
    list[start + place] = entries.create(words, location)
  }
  sortEntries(entries, list, start, list.length)
  const sorted = [...list.subarray(start)].map((entry) => entries.key(entry))
  expect(sorted).toEqual(keys.toSorted((a, b) => Buffer.compare(a, b)))
}
