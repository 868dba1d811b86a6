import type { KeyBounds } from './key-bounds.ts'
import { checkedLimit } from './limit-argument.ts'
import type { Pager } from './pager.ts'
import type { RangeEntry } from './results.ts'

/** What one page reads ahead. */
const pageKeys = 256
const pageBytes = 1024 * 1024

const noEntries: readonly RangeEntry[] = []

export interface RangeEntriesOptions {
  readonly reverse: boolean
  readonly keysOnly: boolean
  readonly limit: number
}

/**
 * All entries of a range, page after page. Between two pages writes may come: a later page sees them. Written out
 * rather than as an async generator, which takes several microtasks for each entry.
 */
export class RangeEntries implements AsyncGenerator<RangeEntry, void, undefined> {
  readonly #pager: Pager
  /** Asked for with the first entry, so that what is wrong with it is told then. */
  readonly #boundsOf: () => KeyBounds
  readonly #options: RangeEntriesOptions
  #bounds: KeyBounds | undefined
  /** Undefined before the first page. */
  #rest: number | undefined
  #page = noEntries
  #place = 0
  #lastKey: Buffer | undefined
  #isOver = false
  #callsUnderWay = 0
  /** What the last call that had to wait returned. */
  #last: Promise<IteratorResult<RangeEntry, void>> | undefined

  constructor(pager: Pager, boundsOf: () => KeyBounds, options: RangeEntriesOptions) {
    this.#pager = pager
    this.#boundsOf = boundsOf
    this.#options = options
  }

  next(): Promise<IteratorResult<RangeEntry, void>> {
    if (this.#callsUnderWay === 0 && this.#place < this.#page.length) {
      return Promise.resolve({ done: false, value: this.#page[this.#place++]! })
    }
    // One after the other, also for callers that do not wait.
    this.#last = this.#nextAfter(this.#last)
    return this.#last
  }

  async return(): Promise<IteratorResult<RangeEntry, void>> {
    this.#end()
    return { done: true, value: undefined }
  }

  async throw(error: unknown): Promise<IteratorResult<RangeEntry, void>> {
    this.#end()
    throw error
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end()
  }

  async #nextAfter(
    before: Promise<unknown> | undefined,
  ): Promise<IteratorResult<RangeEntry, void>> {
    this.#callsUnderWay++
    try {
      await before?.catch(() => undefined)
      while (this.#place === this.#page.length) {
        if (this.#isOver) return { done: true, value: undefined }
        await this.#turnPage()
      }
      return { done: false, value: this.#page[this.#place++]! }
    } catch (error) {
      this.#end()
      throw error
    } finally {
      this.#callsUnderWay--
    }
  }

  async #turnPage(): Promise<void> {
    this.#bounds ??= this.#boundsOf()
    this.#rest ??= checkedLimit(this.#options.limit, 'limit')
    const { reverse, keysOnly } = this.#options
    const limit = Math.min(this.#rest, pageKeys)
    const stretch =
      this.#lastKey === undefined ? this.#bounds : behind(this.#bounds, this.#lastKey, reverse)
    const page = await this.#pager.page({
      ...stretch,
      reverse,
      keysOnly,
      limit,
      bytesMax: pageBytes,
    })
    // It may have been left meanwhile.
    if (this.#isOver) return
    this.#page = page.entries
    this.#place = 0
    this.#rest -= page.entries.length
    this.#lastKey = page.entries.at(-1)?.key
    this.#isOver ||= !page.more || this.#rest === 0
  }

  #end(): void {
    this.#isOver = true
    this.#page = noEntries
    this.#place = 0
  }
}

/** The part of a stretch behind `key`, in the direction of the walk. */
function behind(bounds: KeyBounds, key: Buffer, reverse: boolean): KeyBounds {
  return reverse ? { ...bounds, lte: undefined, lt: key } : { ...bounds, gte: undefined, gt: key }
}
