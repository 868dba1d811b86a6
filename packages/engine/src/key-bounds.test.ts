import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isInside } from '../test/key-inside.ts'
import { afterPrefix, lowerLimit, upperLimit } from './key-bounds.ts'

/** Few different bytes, so that bounds meet. */
const key = fc
  .array(fc.constantFrom(0, 1, 0x61, 0xfe, 0xff), { maxLength: 4 })
  .map((bytes) => Buffer.from(bytes))
const end = fc.option(key, { nil: undefined })
const bounds = fc.record({ gte: end, gt: end, lte: end, lt: end, prefix: end })

test('a key is between the limits just when it is inside every bound', () => {
  fc.assert(
    fc.property(bounds, key, (bounds, key) => {
      const lower = lowerLimit(bounds)
      const upper = upperLimit(bounds)
      const fromLower = lower === undefined ? 1 : Buffer.compare(key, lower.key)
      const toUpper = upper === undefined ? 1 : Buffer.compare(upper.key, key)
      const isBetween =
        (lower?.inclusive ? fromLower >= 0 : fromLower > 0) &&
        (upper?.inclusive ? toUpper >= 0 : toUpper > 0)
      expect(isBetween).toBe(isInside(key, bounds))
    }),
    { numRuns: 2_000 },
  )
})

test('the first key behind a prefix', () => {
  expect(afterPrefix(Buffer.from('ab'))).toEqual(Buffer.from('ac'))
  expect(afterPrefix(Buffer.from([0x61, 0xff, 0xff]))).toEqual(Buffer.from('b'))
  expect(afterPrefix(Buffer.from([0xff, 0xff]))).toBeUndefined()
  expect(afterPrefix(Buffer.alloc(0))).toBeUndefined()
})
