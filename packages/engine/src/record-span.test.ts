import { expect, test } from 'vitest'
import { LocationList } from './location-list.ts'
import { type RecordSpan, recordSpans } from './record-span.ts'

test('neighbours become one span, forwards and in reverse', () => {
  const forwards = [at(0, 64), at(0, 164), at(0, 264)]
  const whole = { slot: 0, offset: 64, size: 300, start: 0, end: 3 }
  expect(spansOf(forwards)).toEqual([whole])
  expect(spansOf(forwards.toReversed())).toEqual([whole])
})

test.each([
  ['another file', at(1, 164)],
  ['a wide gap', at(0, 164 + 4097)],
  ['the same record again', at(0, 64)],
])('a span ends before %s', (_, next) => {
  expect(spansOf([at(0, 64), next])).toMatchObject([
    { offset: 64, size: 100, start: 0, end: 1 },
    { start: 1, end: 2, size: 100 },
  ])
})

test('a narrow gap is read along', () => {
  expect(spansOf([at(0, 64), at(0, 164 + 4096)])).toEqual([
    { slot: 0, offset: 64, size: 4296, start: 0, end: 2 },
  ])
})

test('a span of several records is bounded, a large record is a span of its own', () => {
  const records = Array.from({ length: 1000 }, (_, place) => at(0, place * 100))
  const spans = spansOf([...records, at(0, 100_000, 1_000_000)])
  expect(spans.map(({ start }) => start)).toEqual([0, 655, 1000])
  expect(spans.map(({ size }) => size)).toEqual([65_500, 34_500, 1_000_000])
  expect(spansOf([])).toEqual([])
})

function at(slot: number, offset: number, size = 100) {
  return { location: { slot, offset, size, index: 1, expiresAt: 0 } }
}

function spansOf(records: readonly ReturnType<typeof at>[]): RecordSpan[] {
  return recordSpans(LocationList.of(records))
}
