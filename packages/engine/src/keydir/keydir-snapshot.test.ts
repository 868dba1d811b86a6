import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isInside } from '../../test/key-inside.ts'
import type { KeyBounds } from '../key-bounds.ts'
import { keyText } from '../key-text.ts'
import { Keydir } from './keydir.ts'
import type { KeydirSnapshot } from './keydir-snapshot.ts'
import type { Location } from './location.ts'

type Model = Map<string, Location>

const key = fc
  .array(fc.constantFrom(0, 0x61, 0xff), { maxLength: 3 })
  .map((bytes) => Buffer.from(bytes))
const end = fc.option(key, { nil: undefined })
const bounds = fc.record({ gte: end, gt: end, lte: end, lt: end, prefix: end })
const change = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('set'), key, expires: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove'), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('move'), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('open') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('close'), which: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release'), count: fc.nat(3) }) },
) as fc.Arbitrary<Change>

type Change =
  | { readonly kind: 'set'; readonly key: Buffer; readonly expires: boolean }
  | { readonly kind: 'remove' | 'move'; readonly key: Buffer }
  | { readonly kind: 'open' }
  | { readonly kind: 'close'; readonly which: number }
  | { readonly kind: 'release'; readonly count: number }

test('snapshots are copies of a Map, whatever comes behind them', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), bounds, (changes, bounds) => {
      const keydir = new Keydir()
      const model: Model = new Map()
      const open: { snapshot: KeydirSnapshot; model: Model }[] = []
      for (const [place, change] of changes.entries()) {
        const index = place + 1
        if (change.kind === 'open') {
          open.push({ snapshot: keydir.snapshot(index), model: new Map(model) })
        } else if (change.kind === 'close') {
          for (const { snapshot } of open.splice(change.which, 1)) snapshot.close()
        } else if (change.kind === 'release') {
          keydir.releaseKept(change.count)
        } else {
          apply(keydir, model, change, index)
        }
        for (const one of open) {
          if ('key' in change) {
            expect(one.snapshot.lookup(change.key)).toEqual(one.model.get(keyText(change.key)))
          }
        }
      }
      for (const one of open) expectSame(one.snapshot, one.model, bounds)
      for (const { snapshot } of open) snapshot.close()
      while (keydir.releaseKept(1));
      expect(keydir.keptBytes).toBe(0)
      for (const text of model.keys()) {
        const key = Buffer.from(text, 'latin1')
        keydir.remove(key, 0, key.length, changes.length + 1)
      }
      expect(keydir.memory.entryBytes).toBe(0)
    }),
    { numRuns: 2000 },
  )
})

test('what is replaced again is kept once for each snapshot that sees it', () => {
  const keydir = new Keydir()
  const key = Buffer.from('key')
  keydir.set(key, 0, 3, locationOf(1))
  const before = keydir.snapshot(1)
  for (let index = 2; index < 1_000; index++) keydir.set(key, 0, 3, locationOf(index))
  const bytes = keydir.keptBytes
  expect(bytes).toBeGreaterThan(0)
  const behind = keydir.snapshot(999)
  for (let index = 1_000; index < 2_000; index++) keydir.set(key, 0, 3, locationOf(index))
  expect(keydir.keptBytes).toBe(bytes * 2)
  expect(before.lookup(key)?.index).toBe(1)
  expect(behind.lookup(key)?.index).toBe(999)
  expect(keydir.lookup(key)?.index).toBe(1_999)
})

test('counts what a scan would visit, in parts', () => {
  const keydir = new Keydir()
  for (let index = 1; index <= 1_000; index++) {
    const key = Buffer.from(String(index).padStart(4, '0'))
    keydir.set(key, 0, 4, locationOf(index, index % 10 === 0 ? 500 : 0))
  }
  const snapshot = keydir.snapshot(1_000)
  keydir.remove(Buffer.from('0500'), 0, 4, 1_001)
  keydir.remove(Buffer.from('0501'), 0, 4, 1_002)
  expect(keydir.count({}, 10_000, 499)).toEqual({ keys: 998, lastKey: undefined })
  expect(snapshot.count({}, 10_000, 499)).toEqual({ keys: 1_000, lastKey: undefined })
  expect(snapshot.count({}, 10_000, 500).keys).toBe(900)
  let keys = 0
  let gt: Buffer | undefined
  do {
    const part = snapshot.count({ gt }, 7, 499)
    keys += part.keys
    gt = part.lastKey
  } while (gt !== undefined)
  expect(keys).toBe(1_000)
})

function apply(
  keydir: Keydir,
  model: Model,
  change: Exclude<Change, { kind: 'open' | 'close' | 'release' }>,
  index: number,
): void {
  const { key } = change
  const text = keyText(key)
  if (change.kind === 'remove') {
    keydir.remove(key, 0, key.length, index)
    model.delete(text)
    return
  }
  const before = model.get(text)
  if (change.kind === 'set') {
    const location = locationOf(index, change.expires ? 2 ** 45 : 0)
    keydir.set(key, 0, key.length, location)
    model.set(text, location)
  } else if (before !== undefined) {
    // As a merge does, and without the snapshots' knowing: the record is the same.
    keydir.set(key, 0, key.length, before)
  }
}

function expectSame(snapshot: KeydirSnapshot, model: Model, bounds: KeyBounds): void {
  const inside = [...model]
    .filter(([text]) => isInside(Buffer.from(text, 'latin1'), bounds))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  expect(scanned(snapshot, bounds, false)).toEqual(inside)
  expect(snapshot.count(bounds, 1_000, 0).keys).toBe(inside.length)
  expect(scanned(snapshot, bounds, true)).toEqual(inside.reverse())
}

function scanned(
  snapshot: KeydirSnapshot,
  bounds: KeyBounds,
  reverse: boolean,
): [string, Location][] {
  const seen: [string, Location][] = []
  snapshot.scan(bounds, reverse, (key, location) => seen.push([keyText(key), location]) > 0)
  return seen
}

function locationOf(index: number, expiresAt = 0): Location {
  return { slot: index % 7, offset: index * 3, size: index + 100, index, expiresAt }
}
