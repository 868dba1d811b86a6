import { expect, test } from 'vitest'
import { formatBytes, formatCountOf, formatMs, perSecond } from './units.ts'

test.each([
  [0, '0 B'],
  [1_023, '1,023 B'],
  [1_024, '1 KiB'],
  [1_536, '1.5 KiB'],
  [1_023_999, '0.977 MiB'],
  [16_777_216, '16 MiB'],
  [5_000_000_000, '4.66 GiB'],
  [2 ** 62, '4,100 PiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [0.0123456, '0.0123 ms'],
  [12.34, '12.3 ms'],
  [999, '999 ms'],
  [1_500, '1.5 s'],
  [61_000, '1 min 1 s'],
  [3_723_000, '1 h 2 min'],
  [263_000_000, '3 d 1 h'],
])('%d ms are %s', (ms, text) => {
  expect(formatMs(ms)).toBe(text)
})

test('counts and rates', () => {
  expect([0, 1, 2_000].map((count) => formatCountOf(count, 'record'))).toEqual([
    '0 records',
    '1 record',
    '2,000 records',
  ])
  expect(perSecond(1_000, 500)).toBe(2_000)
  expect(perSecond(1_000, 0)).toBe(0)
})
