import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isInside } from '../../test/key-inside.ts'
import type { KeyBounds } from '../key-bounds.ts'
import { keyText } from '../key-text.ts'
import type { KeyHash } from './key-hash.ts'
import { Keydir } from './keydir.ts'
import type { Location } from './location.ts'

const key = fc
  .array(fc.constantFrom(0, 0x61, 0x7f, 0x80, 0xff), { maxLength: 6 })
  .map((bytes) => Buffer.from(bytes))
const end = fc.option(key, { nil: undefined })
const bounds = fc.record({ gte: end, gt: end, lte: end, lt: end, prefix: end })
const change = fc.record({ key, isSet: fc.boolean(), expires: fc.boolean() })

const secret = Buffer.alloc(8)
const longStart = 'x'.repeat(300)

test('is a Map in key order', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), bounds, (changes, bounds) => {
      const keydir = new Keydir()
      const model = new Map<string, Location>()
      for (const [place, { key, isSet, expires }] of changes.entries()) {
        const text = keyText(key)
        const before = model.get(text)
        if (isSet) {
          const location = locationOf(place, expires ? 2 ** 45 + place : 0)
          expect(set(keydir, key, location)).toEqual(before)
          model.set(text, location)
        } else {
          expect(keydir.remove(key, 0, key.length, place)).toEqual(before)
          model.delete(text)
        }
        expect(keydir.lookup(key)).toEqual(model.get(text))
      }
      expect(keydir.size).toBe(model.size)
      expectInOrder(keydir, model, bounds)
    }),
    { numRuns: 1000 },
  )
})

// Enough for a second branch of the order: keys that come in order fill the first one up.
test.each<[string, number, (place: number) => string]>([
  ['in order', 80_000, (place) => String(place).padStart(6, '0')],
  ['in reverse', 60_000, (place) => String(99_999 - place).padStart(6, '0')],
  ['all over', 60_000, (place) => String((place * 7919) % 100_000)],
  ['behind a long common start', 60_000, (place) => longStart + ((place * 7919) % 100_000)],
  ['as zeros of many lengths', 9_000, (place) => '\0'.repeat((place * 7919) % 3000)],
])('many keys that come %s, and go', (_, count, textAt) => {
  const keydir = new Keydir()
  const model = new Map<string, Location>()
  const keys = Array.from({ length: count }, (_, place) => Buffer.from(textAt(place)))
  for (const [place, key] of keys.entries()) {
    set(keydir, key, locationOf(place))
    model.set(keyText(key), locationOf(place))
  }
  expectInOrder(keydir, model, {})
  const [gt, lte] = [keys[777]!, keys[count / 2]!].sort((a, b) => Buffer.compare(a, b))
  expectInOrder(keydir, model, { gt, lte })
  for (const [place, key] of keys.entries()) {
    if (place % 10 === 0) continue
    keydir.remove(key, 0, key.length, 0)
    model.delete(keyText(key))
  }
  expectInOrder(keydir, model, {})
  for (const text of model.keys()) keydir.remove(Buffer.from(text), 0, text.length, 0)
  expect(keydir.size).toBe(0)
  expectInOrder(keydir, new Map(), {})
  expect(keydir.memory.entryBytes).toBe(0)
})

test.each<[string, KeyHash]>([
  ['all the same', { secret, hash: () => 0x1234_5678 }],
  [
    'of three bits',
    { secret, hash: (words, from, size) => (size === 0 ? 0 : words[from]! & 7) << 29 },
  ],
])('keys whose hashes are %s are still told apart', (_, hash) => {
  const keydir = new Keydir(hash)
  const keys = Array.from({ length: 4000 }, (_, place) => Buffer.from(`${place}`))
  for (const [place, key] of keys.entries()) set(keydir, key, locationOf(place))
  for (const [place, key] of keys.entries()) {
    expect(keydir.lookup(key)?.index).toBe(place)
    if (place % 2 === 0) keydir.remove(key, 0, key.length, 0)
  }
  for (const [place, key] of keys.entries()) {
    expect(keydir.lookup(key)?.index).toBe(place % 2 === 0 ? undefined : place)
  }
})

test('keys of the longest length, and memory that comes back', () => {
  const keydir = new Keydir()
  const keys = Array.from({ length: 200 }, (_, place) => Buffer.alloc(0xffff, place))
  const fill = (): void => {
    for (const [place, key] of keys.entries()) set(keydir, key, locationOf(place))
  }
  fill()
  const { entryBytes } = keydir.memory
  for (const key of keys) keydir.remove(key, 0, key.length, 0)
  expect(keydir.memory).toMatchObject({ entryBytes: 0, freeBytes: expect.any(Number) })
  fill()
  expect(keydir.memory.entryBytes).toBe(entryBytes)
  expect(keydir.memory.freeBytes).toBeLessThan(0x10000)
  for (const [place, key] of keys.entries()) expect(keydir.lookup(key)?.index).toBe(place)
})

test('keys appended in order are found and walked', () => {
  const keydir = new Keydir()
  const model = new Map<string, Location>()
  for (let place = 0; place < 5000; place++) {
    const key = Buffer.from(String(place).padStart(4, '0'))
    keydir.append(key, 0, key.length, locationOf(place))
    model.set(keyText(key), locationOf(place))
  }
  expectInOrder(keydir, model, {})
})

test('a keydir that was cleared is a new one, in the memory it had', () => {
  const keydir = new Keydir()
  const key = fill(keydir, 20_000, 'a')
  const chunks = keydir.share().entries.length
  keydir.clear()
  expect([keydir.size, keydir.memory.entryBytes]).toEqual([0, 0])
  expect(keydir.lookup(key)).toBeUndefined()
  expectInOrder(keydir, new Map(), {})
  fill(keydir, 20_000, 'b')
  expect(keydir.lookup(key)).toBeUndefined()
  expect(keydir.size).toBe(20_000)
  expect(scanned(keydir, {}, false)).toHaveLength(20_000)
  expect(keydir.share().entries).toHaveLength(chunks)
})

test('a scan ends when it is told to', () => {
  const keydir = new Keydir()
  for (const key of ['a', 'b', 'c']) set(keydir, Buffer.from(key), locationOf(1))
  const seen: string[] = []
  keydir.scan({}, false, (key) => seen.push(key.toString()) < 2)
  expect(seen).toEqual(['a', 'b'])
})

test('a key handed in is copied', () => {
  const keydir = new Keydir()
  const key = Buffer.from('a')
  set(keydir, key, locationOf(1))
  key.fill('b')
  expect(keydir.lookup(Buffer.from('a'))).toBeDefined()
})

test('locations keep their largest values', () => {
  const keydir = new Keydir()
  const location: Location = {
    slot: 0xffff,
    offset: 2 ** 32 - 1,
    size: 2 ** 32 - 1,
    index: Number.MAX_SAFE_INTEGER,
    expiresAt: Number.MAX_SAFE_INTEGER,
  }
  set(keydir, Buffer.from('a'), location)
  expect(keydir.lookup(Buffer.from('a'))).toEqual(location)
})

function locationOf(index: number, expiresAt = 0): Location {
  return { slot: index % 7, offset: index * 3, size: index + 100, index, expiresAt }
}

/** Returns the last key. */
function fill(keydir: Keydir, count: number, prefix: string): Buffer {
  let key = Buffer.alloc(0)
  for (let place = 0; place < count; place++) {
    key = Buffer.from(`${prefix}${(place * 7919) % count}`)
    set(keydir, key, locationOf(place))
  }
  return key
}

function set(keydir: Keydir, key: Buffer, location: Location): Location | undefined {
  return keydir.set(key, 0, key.length, location)
}

function expectInOrder(keydir: Keydir, model: Map<string, Location>, bounds: KeyBounds): void {
  const inside = [...model]
    .filter(([text]) => isInside(Buffer.from(text, 'latin1'), bounds))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  expectSame(scanned(keydir, bounds, false), inside)
  expectSame(scanned(keydir, bounds, true), inside.reverse())
}

function expectSame(seen: [string, Location][], wanted: [string, Location][]): void {
  // For lists as long as these `toEqual` takes most of the test's time: it is for what differs, to show it.
  if (!isDeepStrictEqual(seen, wanted)) expect(seen).toEqual(wanted)
}

function scanned(keydir: Keydir, bounds: KeyBounds, reverse: boolean): [string, Location][] {
  const seen: [string, Location][] = []
  keydir.scan(bounds, reverse, (key, location) => seen.push([keyText(key), location]) > 0)
  return seen
}
