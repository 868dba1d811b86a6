import { expect, test } from 'vitest'
import type { Unit } from '../metric.ts'
import { formatChange, formatSpread, formatValue } from './format-value.ts'

test.each<[number, Unit, string]>([
  [97_300, 'op/s', '97.3 k/s'],
  [97_349, 'op/s', '97.3 k/s'],
  [812, 'op/s', '812/s'],
  [0, 'op/s', '0/s'],
  [999_900, 'op/s', '1 M/s'],
  [1_234_567, 'entry/s', '1.23 M/s'],
  [0.118, 'ms', '0.118 ms'],
  [0.0023, 'ms', '0.002 ms'],
  [4.5678, 'ms', '4.57 ms'],
  [12_345, 'ms', '12.3 s'],
  [14.25, 's', '14.3 s'],
  [1234.5, 's', '1,230 s'],
  [1_500_000, 'B/s', '1.43 MiB/s'],
  [171_075, 'count', '171,075'],
  [1.7, 'us', '1.7 µs'],
  [44.5, 'B', '44.5 B'],
  [-3.2, 'B', '-3.2 B'],
  [1.2 * 1024 ** 2, 'B', '1.2 MiB'],
  [1024, 'B', '1 KiB'],
  [0.83, '%', '0.83 %'],
  [1.3249, 'x', '1.32×'],
  [Infinity, 'x', '∞×'],
  [2.1, 'count', '2.1'],
])('%d %s is %s', (value, unit, text) => {
  expect(formatValue(value, unit)).toBe(text)
})

test('the spread has the scale of the median', () => {
  const spread = { median: 100_000, low: 950, high: 1_200_000, count: 5 }
  expect(formatSpread(spread, 'op/s')).toBe('100 k/s (0.95–1,200)')
})

test('one round has no spread', () => {
  expect(formatSpread({ median: 2, low: 2, high: 2, count: 1 }, 'ms')).toBe('2 ms')
})

test('a change has its sign', () => {
  expect([12.54, -3, 0].map(formatChange)).toEqual(['+12.5 %', '-3 %', '0 %'])
})
