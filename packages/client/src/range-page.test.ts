import type { RangeAnswer } from '@kv/protocol'
import { expect, test } from 'vitest'
import type { RangeOptions } from './range-options.ts'
import { rangeQueryOf } from './range-options.ts'
import { checkPage, firstPage, pageAfter } from './range-page.ts'

const key = (text: string) => Buffer.from(text)
const all = { gte: 'a', lt: 'z', prefix: '' }

function pages(options: RangeOptions) {
  const query = rangeQueryOf(options)
  const first = firstPage(query)!
  return {
    query,
    first,
    after: (resume: string, left: number) => pageAfter(first, key(resume), query, left),
  }
}

test('the next page begins behind the resume key and keeps the other bounds', () => {
  expect(pages(all).after('m', Infinity)).toEqual({
    bounds: { gt: key('m'), lte: undefined, lt: key('z'), prefix: key('') },
    limit: 1_000,
  })
  expect(pages({ ...all, reverse: true }).after('m', Infinity)).toEqual({
    bounds: { gte: key('a'), gt: undefined, lt: key('m'), prefix: key('') },
    limit: 1_000,
  })
})

test('a page asks for no more than the limit has left', () => {
  const { first, after } = pages({ limit: 7, pageKeys: 5 })
  expect(first.limit).toBe(5)
  expect(after('m', 2)?.limit).toBe(2)
  expect(after('m', 0)).toBeUndefined()
  expect(firstPage(rangeQueryOf({ limit: 0 }))).toBeUndefined()
})

const entry = { key: key('m'), value: key('v'), version: 1 }

test.each<[string, RangeOptions, Partial<RangeAnswer>]>([
  ['more entries than asked for', { limit: 1 }, { entries: [entry, entry] }],
  ['an entry without a value', {}, { entries: [{ key: key('m'), version: 1 }] }],
  ['no resume key', {}, { more: true }],
  ['a resume key that stands still', { gt: 'm' }, { more: true, resumeKey: key('m') }],
  ['a resume key before the range', { gte: 'm' }, { more: true, resumeKey: key('l') }],
  ['a resume key that leads back', { lt: 'm', reverse: true }, { more: true, resumeKey: key('m') }],
])('%s is KV_BAD_ANSWER', (_, options, answer) => {
  const { query, first } = pages(options)
  const page: RangeAnswer = { kind: 'range', entries: [], more: false, ...answer }
  expect(() => checkPage(page, first, query)).toThrow(
    expect.objectContaining({ code: 'KV_BAD_ANSWER' }),
  )
})

test.each<[RangeOptions, Partial<RangeAnswer>]>([
  [{ limit: 1 }, { entries: [entry] }],
  [{ keysOnly: true }, { entries: [{ key: key('m'), version: 1 }] }],
  [{ gte: 'm' }, { entries: [entry], more: true, resumeKey: key('m') }],
  [
    { lte: 'm', reverse: true },
    { entries: [entry], more: true, resumeKey: key('m') },
  ],
])('an honest page passes: %j', (options, answer) => {
  const { query, first } = pages(options)
  const page: RangeAnswer = { kind: 'range', entries: [], more: false, ...answer }
  expect(() => checkPage(page, first, query)).not.toThrow()
})

test.each<[RangeOptions, RegExp]>([
  [{ gte: 'a', gt: 'a' }, /^gte and gt exclude each other/],
  [{ lte: 'a', lt: 'a' }, /^lte and lt exclude each other/],
  [{ limit: -1 }, /^limit must be a whole number/],
  [{ limit: 1.5 }, /^limit must be a whole number/],
  [{ pageKeys: 0 }, /^pageKeys must be a whole number/],
  [{ pageKeys: 1_001 }, /^pageKeys must be a whole number/],
])('%j is refused', (options, message) => {
  expect(() => rangeQueryOf(options)).toThrow(message)
})
