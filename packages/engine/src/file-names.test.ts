import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { hintFileName, lostFileName, parseSegmentFileName, segmentFileName } from './file-names.ts'

test('the fixed names', () => {
  expect(segmentFileName(42)).toBe('0000000000000042.data')
  expect(hintFileName(42)).toBe('0000000000000042.hint')
  expect(lostFileName(42, 640, 2)).toBe('0000000000000042-640-2.cut')
})

test('a number comes back from its name, and names sort as numbers do', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
      expect(parseSegmentFileName(segmentFileName(a))).toBe(a)
      expect(segmentFileName(a) < segmentFileName(b)).toBe(a < b)
    }),
  )
})

test.each([
  '',
  'next',
  '42.data',
  '0000000000000042.hint',
  '0000000000000042.data.tmp',
  'x0000000000000042.data',
  '000000000000004x.data',
  '9007199254740992.data',
])("'%s' is no segment", (name) => {
  expect(parseSegmentFileName(name)).toBeUndefined()
})
