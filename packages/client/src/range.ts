/**
 * A range is asked for page by page: the next one begins behind the resume key of the last. Each page is
 * of one moment; what is written between two pages may show in the later one.
 */
import type { RangeAnswer } from '@kv/protocol'
import type { RangeQuery } from './range-options.ts'
import type { RangePage } from './range-page.ts'
import { firstPage, pageAfter } from './range-page.ts'
import { ownValue } from './results.ts'

/** The buffers are the caller's own. */
export interface RangeEntry {
  readonly key: Buffer
  readonly value: Buffer
  readonly version: number
}

/** With `keysOnly`. */
export interface KeyEntry {
  readonly key: Buffer
  readonly version: number
}

export type FetchPage = (page: RangePage) => Promise<RangeAnswer<Buffer>>

/**
 * The entries of a range. The next page is asked for when half of one is consumed, so that it is there in
 * time, and a consumer who stops early has caused one page too many at most.
 */
export async function* entriesOf(
  query: RangeQuery,
  fetch: FetchPage,
): AsyncGenerator<RangeEntry | KeyEntry, void, undefined> {
  let left = query.limit
  let page = firstPage(query)
  let answer = page && fetch(page)
  while (page !== undefined && answer !== undefined) {
    const { entries, more, resumeKey } = await answer
    left -= entries.length
    page = more ? pageAfter(page, resumeKey, query, left) : undefined
    answer = undefined
    for (const [index, { key, value, version }] of entries.entries()) {
      if (2 * index >= entries.length - 1) answer ??= page && ahead(fetch(page))
      const entry = { key: ownValue(key), version }
      yield value === undefined ? entry : { ...entry, value: ownValue(value) }
    }
    answer ??= page && fetch(page)
  }
}

/** Its failure is for whoever comes to await it, and for nobody when the consumer has stopped. */
function ahead(answer: Promise<RangeAnswer<Buffer>>): Promise<RangeAnswer<Buffer>> {
  answer.catch(() => {})
  return answer
}
