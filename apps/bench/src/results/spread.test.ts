import { expect, test } from 'vitest'
import { spreadOf } from './spread.ts'

test('the median of an odd number of rounds is the middle one, whatever their order', () => {
  expect(spreadOf([5, 1, 9])).toEqual({ median: 5, low: 1, high: 9, count: 3 })
})

test('the median of an even number of rounds is between the middle two', () => {
  expect(spreadOf([4, 1, 2, 9])).toEqual({ median: 3, low: 1, high: 9, count: 4 })
})

test('one round is its own median', () => {
  expect(spreadOf([7])).toEqual({ median: 7, low: 7, high: 7, count: 1 })
})

test('no rounds are an error, not zero', () => {
  expect(() => spreadOf([])).toThrow(RangeError)
})
