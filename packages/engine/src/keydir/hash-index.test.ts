import { expect, test } from 'vitest'
import { Entries } from './entries.ts'
import { HashIndex } from './hash-index.ts'
import { HalfSipHash, type KeyHash } from './key-hash.ts'
import { KeyWords } from './key-words.ts'

const secret = Buffer.from('a secret', 'latin1')
const sip = new HalfSipHash(secret)
const location = { slot: 0, offset: 0, size: 0, index: 1, expiresAt: 0 }

/** An index whose hashes are counted. */
function indexOf(hashOf: (good: number) => number = (good) => good) {
  const entries = new Entries()
  const hashed = { keys: 0 }
  const hash: KeyHash = {
    secret,
    hash(words, from, size) {
      hashed.keys++
      return hashOf(sip.hash(words, from, size))
    },
  }
  const index = new HashIndex(entries, hash)
  const key = new KeyWords()
  const load = (place: number): KeyWords => {
    const bytes = Buffer.from(`key ${place}`)
    key.load(bytes, 0, bytes.length)
    return key
  }
  return {
    index,
    hashed,
    add: (place: number): number => {
      const entry = entries.create(load(place), location)
      index.insert(entry, index.hashOf(key))
      return entry
    },
    remove: (place: number, entry: number): void => {
      index.remove(entry, index.hashOf(load(place)))
    },
    find: (place: number): number => index.find(load(place), index.hashOf(key)),
  }
}

test.each<[string, (good: number) => number]>([
  ['spread evenly', (good) => good],
  // Half of the places are never used, a quarter hardly ever: some segments split again and again, others never.
  ['crowded at the first places', (good) => good & ((good << 16) | 0xffff)],
  // The last bits of a hash name the home: entries come to stand far behind it.
  ['at few homes', (good) => good & ~0xf0],
])('entries whose hashes are %s are found behind many splits', (_, hashOf) => {
  const { index, add, remove, find } = indexOf(hashOf)
  const entries: number[] = []
  for (let place = 0; place < 60_000; place++) {
    entries.push(add(place))
    // Places of removed keys are used again, and cleaned.
    if (place % 3 === 2) remove(place - 1, entries[place - 1]!)
  }
  expect(index.state.depth).toBeGreaterThan(5)
  for (let place = 0; place < 60_000; place++) {
    expect(find(place)).toBe(place % 3 === 1 ? 0 : entries[place])
  }
  expect(find(60_000)).toBe(0)
})

test('a split looks at few keys', () => {
  const { index, hashed, add } = indexOf()
  const splitsUpTo = (keys: number, from: number): number => {
    const before = hashed.keys
    for (let place = from; place < keys; place++) add(place)
    return (hashed.keys - before) / (keys - from) - 1
  }
  splitsUpTo(32_000, 0)
  const { segments } = index.state
  const looks = splitsUpTo(100_000, 32_000)
  expect(index.state.segments).toBeGreaterThan(2 * segments)
  // Those that stand too far behind their home for a trace to say how far: some one in a hundred. All would be above 1.
  expect(looks).toBeLessThan(0.1)
})
