import { expect, test } from 'vitest'
import { ReadPace } from './read-pace.ts'

test('a slow read sends the next ones to the pool, twice as many each time, until one is quick', () => {
  const pace = new ReadPace()
  for (const run of [4, 8, 16, 32, 64, 128, 256, 512, 512]) {
    expect(pace.isQuick(100)).toBe(true)
    pace.note(100, 0.1)
    expect(pace.wouldBeQuick(100)).toBe(false)
    for (let read = 0; read < run; read++) expect(pace.isQuick(100)).toBe(false)
  }
  expect(pace.isQuick(100)).toBe(true)
  pace.note(100, 0.01)
  expect(pace.isQuick(100)).toBe(true)
  pace.note(100, 0.1)
  for (let read = 0; read < 4; read++) expect(pace.isQuick(100)).toBe(false)
  expect(pace.wouldBeQuick(100)).toBe(true)
})

test('long reads may take longer, and the longest are never made at once', () => {
  const pace = new ReadPace()
  pace.note(60_000, 0.09)
  expect(pace.isQuick(60_000)).toBe(true)
  expect(pace.isQuick(65_537)).toBe(false)
  expect(pace.wouldBeQuick(65_537)).toBe(false)
})
