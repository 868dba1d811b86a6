import type { Bounds, RangeAnswer } from '@kv/protocol'
import { KvError } from '@kv/protocol'
import type { RangeQuery } from './range-options.ts'

/** What one request of a range asks for. */
export interface RangePage {
  readonly bounds: Bounds
  readonly limit: number
}

/** Undefined with a limit of 0: then there is nothing to ask. */
export function firstPage(query: RangeQuery): RangePage | undefined {
  return pageOf(query, query.bounds, query.limit)
}

/** The page behind `resumeKey`; undefined when `left`, what the limit still allows, is 0. */
export function pageAfter(
  page: RangePage,
  resumeKey: Uint8Array | undefined,
  query: RangeQuery,
  left: number,
): RangePage | undefined {
  const { gte, gt, lte, lt, prefix } = page.bounds
  const bounds = query.reverse
    ? { gte, gt, lt: resumeKey, prefix }
    : { gt: resumeKey, lte, lt, prefix }
  return pageOf(query, bounds, left)
}

function pageOf(query: RangeQuery, bounds: Bounds, left: number): RangePage | undefined {
  return left === 0 ? undefined : { bounds, limit: Math.min(query.pageKeys, left) }
}

/** Throws KV_BAD_ANSWER for a page that is not what was asked for, or with which the range would never end. */
export function checkPage(answer: RangeAnswer, page: RangePage, query: RangeQuery): void {
  const { entries, more, resumeKey } = answer
  if (entries.length > page.limit) {
    throw badPage(`${entries.length} entries, and ${page.limit} were asked for`)
  }
  if (!query.keysOnly && entries.some(({ value }) => value === undefined)) {
    throw badPage('an entry without a value')
  }
  if (!more) return
  if (resumeKey === undefined) throw badPage('more to come, and no resume key')
  const { gte, gt, lte, lt } = page.bounds
  const passed = query.reverse ? isPast(lt, lte, resumeKey, -1) : isPast(gt, gte, resumeKey, 1)
  if (!passed) throw badPage('a resume key that leads back')
}

/** Whether `key` lies behind `open`, or not before `closed`, in the direction of `sign`. */
function isPast(
  open: Uint8Array | undefined,
  closed: Uint8Array | undefined,
  key: Uint8Array,
  sign: 1 | -1,
): boolean {
  if (open !== undefined && sign * Buffer.compare(key, open) <= 0) return false
  return closed === undefined || sign * Buffer.compare(key, closed) >= 0
}

function badPage(what: string): KvError {
  return new KvError('KV_BAD_ANSWER', `the page of a range has ${what}`)
}
