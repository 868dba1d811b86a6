import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isInside } from '../../test/key-inside.ts'
import type { KeyBounds } from '../key-bounds.ts'
import { keyText } from '../key-text.ts'
import { HeapKeydir } from './heap-keydir.ts'
import type { Location } from './keydir.ts'

const key = fc
  .array(fc.constantFrom(0, 0x61, 0x7f, 0x80, 0xff), { maxLength: 3 })
  .map((bytes) => Buffer.from(bytes))
const end = fc.option(key, { nil: undefined })
const bounds = fc.record({ gte: end, gt: end, lte: end, lt: end, prefix: end })

test('is a Map in key order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(key, fc.boolean()), { maxLength: 60 }),
      bounds,
      (changes, bounds) => {
        const keydir = new HeapKeydir()
        const model = new Map<string, Location>()
        for (const [index, [key, isSet]] of changes.entries()) {
          const text = keyText(key)
          const before = model.get(text)
          if (isSet) {
            expect(keydir.set(key, locationOf(index))).toBe(before)
            model.set(text, keydir.lookup(key)!)
          } else {
            expect(keydir.remove(key)).toBe(before)
            model.delete(text)
          }
          expect(keydir.lookup(key)?.index).toBe(isSet ? index : undefined)
        }
        expect(keydir.size).toBe(model.size)
        const inside = [...model]
          .filter(([text]) => isInside(Buffer.from(text, 'latin1'), bounds))
          .sort(([a], [b]) => (a < b ? -1 : 1))
        expect(scanned(keydir, bounds, false)).toEqual(inside)
        expect(scanned(keydir, bounds, true)).toEqual(inside.reverse())
      },
    ),
    { numRuns: 500 },
  )
})

test('a scan ends when it is told to', () => {
  const keydir = new HeapKeydir()
  for (const key of ['a', 'b', 'c']) keydir.set(Buffer.from(key), locationOf(1))
  const seen: string[] = []
  keydir.scan({}, false, (key) => seen.push(key.toString()) < 2)
  expect(seen).toEqual(['a', 'b'])
})

test('a key handed in is copied', () => {
  const keydir = new HeapKeydir()
  const key = Buffer.from('a')
  keydir.set(key, locationOf(1))
  key.fill('b')
  expect(keydir.lookup(Buffer.from('a'))).toBeDefined()
})

function locationOf(index: number): Location {
  return { slot: 0, offset: 0, size: 0, index, expiresAt: 0 }
}

function scanned(keydir: HeapKeydir, bounds: KeyBounds, reverse: boolean): [string, Location][] {
  const seen: [string, Location][] = []
  keydir.scan(bounds, reverse, (key, location) => seen.push([keyText(key), location]) > 0)
  return seen
}
