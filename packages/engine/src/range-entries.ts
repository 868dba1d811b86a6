import { boundNames, boundsOf } from './bytes-argument.ts'
import type { KeyBounds } from './key-bounds.ts'
import { checkedLimit } from './limit-argument.ts'
import { refuseUnknownNames } from './option-names.ts'
import { checkSwitch } from './option-values.ts'
import type { PageOptions, RangeEntry, RangeOptions, RangePage } from './results.ts'

/** What one page reads ahead. */
const pageKeys = 256
const pageBytes = 1024 * 1024

const optionNames = [...boundNames, 'reverse', 'limit', 'keysOnly']
const noEntries: readonly RangeEntry[] = []

/** Where pages come from. */
export interface PageSource {
  page(options: PageOptions): Promise<RangePage>
  /** Nothing more is wanted. */
  close(): void
}

/**
 * All entries of a range, page after page. Keys and values are the caller's own, and share memory as {@link RangeEntry}
 * says. What it fails with is told by `next`, and by whatever asks it: after that, and after `return` or `throw`, there are
 * no more entries. Written out rather than as an async generator, which takes several microtasks for each entry.
 */
export class RangeEntries implements AsyncGenerator<RangeEntry, void, undefined> {
  readonly #options: RangeOptions
  readonly #open: () => PageSource
  /** Undefined before the first page and at the end. */
  #source: PageSource | undefined
  #bounds: KeyBounds = {}
  /** Entries still to come, at most. */
  #rest = Number.POSITIVE_INFINITY
  #hasBegun = false
  #page = noEntries
  #place = 0
  #lastKey: Buffer | undefined
  #isOver = false
  #callsUnderWay = 0
  /** What the last call that had to wait returned. */
  #last: Promise<IteratorResult<RangeEntry, void>> | undefined

  /** `open` is called with the first entry, and not if the options are wrong, which is told then. */
  constructor(options: RangeOptions, open: () => PageSource) {
    this.#options = ownOptions(options)
    this.#open = open
  }

  /**
   * The next entry. Calls that do not wait for each other get one entry each, in order.
   *
   * @throws what `Store.range` does: with the first entry `TypeError` and `RangeError` for options, with each of them KvError
   * KV_CURSOR_EXPIRED, KV_CLOSED, KV_CORRUPT_RECORD, KV_TRY_LATER.
   */
  next(): Promise<IteratorResult<RangeEntry, void>> {
    if (this.#callsUnderWay === 0 && this.#place < this.#page.length) {
      return Promise.resolve({ done: false, value: this.#page[this.#place++]! })
    }
    // One after the other, also for callers that do not wait.
    this.#last = this.#nextAfter(this.#last)
    return this.#last
  }

  /** Leaves the range, as `break` in a `for await` does: its snapshot is let go. Fails with nothing. */
  async return(): Promise<IteratorResult<RangeEntry, void>> {
    this.#end()
    return { done: true, value: undefined }
  }

  /** Leaves the range, and rejects with `error`. */
  async throw(error: unknown): Promise<IteratorResult<RangeEntry, void>> {
    this.#end()
    throw error
  }

  /**
   * The entries that are still to come, in one array of the caller's own: quicker than one by one, where memory has room
   * for them. Fails as {@link next} does, and gives no part of them then.
   */
  async all(): Promise<RangeEntry[]> {
    const entries: RangeEntry[] = []
    for (let next = await this.next(); next.done !== true; next = await this.next()) {
      entries.push(next.value)
      for (const entry of this.#page.slice(this.#place)) entries.push(entry)
      this.#place = this.#page.length
    }
    return entries
  }

  /** Itself, for `for await`: there is one walk, and whoever asks goes on with it. */
  [Symbol.asyncIterator](): this {
    return this
  }

  /** As {@link return}, for `await using`. */
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
    if (!this.#hasBegun) this.#begin()
    const { reverse = false, keysOnly = false } = this.#options
    const stretch =
      this.#lastKey === undefined ? this.#bounds : behind(this.#bounds, this.#lastKey, reverse)
    const page = await this.#source!.page({
      ...stretch,
      reverse,
      keysOnly,
      limit: Math.min(this.#rest, pageKeys),
      bytesMax: pageBytes,
    })
    // It may have been left meanwhile.
    if (this.#isOver) return
    this.#page = page.entries
    this.#place = 0
    this.#rest -= page.entries.length
    this.#lastKey = page.entries.at(-1)?.key
    if (page.more && this.#rest > 0) return
    this.#isOver = true
    this.#closeSource()
  }

  #begin(): void {
    refuseUnknownNames(this.#options, optionNames, 'option')
    const { limit = Number.POSITIVE_INFINITY, reverse, keysOnly } = this.#options
    checkSwitch(reverse, 'reverse')
    checkSwitch(keysOnly, 'keysOnly')
    this.#bounds = boundsOf(this.#options)
    this.#rest = checkedLimit(limit, 'limit')
    this.#source = this.#open()
    this.#hasBegun = true
  }

  #end(): void {
    this.#isOver = true
    this.#page = noEntries
    this.#place = 0
    this.#closeSource()
  }

  #closeSource(): void {
    this.#source?.close()
    this.#source = undefined
  }
}

/** A copy, with bounds of its own: callers may use their buffers again before the first entry is asked for. */
function ownOptions(options: RangeOptions): RangeOptions {
  // What is no object is refused with the first entry.
  if (typeof options !== 'object' || options === null) return options
  const own: { -readonly [Name in keyof RangeOptions]: RangeOptions[Name] } = { ...options }
  for (const name of boundNames as readonly (keyof KeyBounds)[]) {
    const bound = own[name]
    if (bound instanceof Uint8Array) own[name] = Buffer.from(bound)
  }
  return own
}

/** The part of a stretch behind `key`, in the direction of the walk. */
function behind(bounds: KeyBounds, key: Buffer, reverse: boolean): KeyBounds {
  return reverse ? { ...bounds, lte: undefined, lt: key } : { ...bounds, gte: undefined, gt: key }
}
