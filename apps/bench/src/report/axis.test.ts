import { expect, test } from 'vitest'
import { logDomain, logTicks, valueAxis } from './axis.ts'

test('ticks are as many as there is room for', () => {
  expect(logTicks([1, 10])).toEqual([1, 2, 5, 10])
  expect(logTicks([0.008, 4])).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2])
  expect(logTicks([0.05, 150])).toEqual([0.1, 0.3, 1, 3, 10, 30, 100])
  expect(logTicks([1, 1e6], 4)).toEqual([1, 10, 100, 1_000, 10_000, 100_000, 1_000_000])
})

test('a domain has room at both ends, and is there even without values', () => {
  expect(logDomain([10, 0, 20, Infinity])).toEqual([10 / 1.2, 24])
  expect(logDomain([])).toEqual([1, 10])
})

test('values far apart have a logarithmic axis, others one from zero', () => {
  expect(valueAxis([1, 30], 'ms').scale.type).toBe('linear')
  expect(valueAxis([1, 31], 'ms').scale.type).toBe('log')
  expect(valueAxis([0, 31], 'ms').scale).toMatchObject({ type: 'linear', domain: [0, 31 * 1.05] })
  expect(valueAxis([0, 0], 'ms').scale.domain).toEqual([0, 1])
})
