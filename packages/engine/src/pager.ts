import type { KeyBounds } from './key-bounds.ts'
import { checkedLimit } from './limit-argument.ts'
import type { LiveKeys } from './live-keys.ts'
import { recordHeaderBytes } from './record.ts'
import type { RecordAddress, RecordReader } from './record-reader.ts'
import type { PageOptions, RangeEntry, RangePage } from './results.ts'

/** What one page of an endless range reads ahead. */
const pageKeys = 256
const pageBytes = 1024 * 1024

const noValue = Buffer.alloc(0)

interface KeyAddress extends RecordAddress {
  readonly key: Buffer
}

/**
 * Reads ranges page by page. A page is the store as of one moment; between two pages of a range, writes may
 * come: a later page sees them.
 */
export class Pager {
  readonly #keys: LiveKeys
  readonly #reader: RecordReader
  readonly #refuseWhenClosed: () => void

  constructor(keys: LiveKeys, reader: RecordReader, refuseWhenClosed: () => void) {
    this.#keys = keys
    this.#reader = reader
    this.#refuseWhenClosed = refuseWhenClosed
  }

  /** One page. What it holds is decided before this returns its promise. */
  async page(options: PageOptions): Promise<RangePage> {
    // The store may have been closed between two pages of a range.
    this.#refuseWhenClosed()
    checkedLimit(options.limit, 'limit')
    checkedLimit(options.bytesMax, 'bytesMax')
    const { addresses, more } = this.#collect(options)
    if (options.keysOnly === true) {
      const entries = addresses.map(({ key, location }) => entry(key, noValue, location.index))
      return { entries, more }
    }
    const records = await this.#reader.readMany(addresses)
    return {
      entries: records.map(({ value, index }, place) => entry(addresses[place]!.key, value, index)),
      more,
    }
  }

  /** All entries, page after page. */
  async *range(
    bounds: KeyBounds,
    options: { reverse: boolean; keysOnly: boolean; limit: number },
  ): AsyncGenerator<RangeEntry, void, undefined> {
    const { reverse, keysOnly } = options
    let rest = checkedLimit(options.limit, 'limit')
    let stretch = bounds
    while (rest > 0) {
      const limit = Math.min(rest, pageKeys)
      const page = await this.page({ ...stretch, reverse, keysOnly, limit, bytesMax: pageBytes })
      yield* page.entries
      rest -= page.entries.length
      const last = page.entries.at(-1)
      if (!page.more || last === undefined) return
      stretch = behind(bounds, last.key, reverse)
    }
  }

  #collect(options: PageOptions): { addresses: KeyAddress[]; more: boolean } {
    const addresses: KeyAddress[] = []
    let bytes = 0
    let more = false
    this.#keys.scan(options, options.reverse === true, (key, location) => {
      bytes += options.keysOnly === true ? key.length : location.size - recordHeaderBytes
      const full =
        addresses.length === options.limit || (addresses.length > 0 && bytes > options.bytesMax)
      if (full) more = true
      else addresses.push({ key, location })
      return !full
    })
    return { addresses, more }
  }
}

/** The part of a stretch behind `key`, in the direction of the walk. */
function behind(bounds: KeyBounds, key: Buffer, reverse: boolean): KeyBounds {
  return reverse ? { ...bounds, lte: undefined, lt: key } : { ...bounds, gte: undefined, gt: key }
}

function entry(key: Buffer, value: Buffer, version: number): RangeEntry {
  return { key, value, version }
}
