import { checkedLimit } from './limit-argument.ts'
import type { LiveKeys } from './live-keys.ts'
import { LocationList } from './location-list.ts'
import { rangeEntry } from './range-entry.ts'
import { recordHeaderBytes } from './record.ts'
import type { RecordAddress, RecordReader } from './record-reader.ts'
import type { PageOptions, RangePage } from './results.ts'

const noValue = Buffer.alloc(0)
/** Pages of more entries are not tried in one turn of the event loop. */
const pageNowEntriesMax = 1_024

interface KeyAddress extends RecordAddress {
  readonly key: Buffer
}

/** Reads pages of ranges. A page is the store as of one moment. */
export class Pager {
  readonly #keys: LiveKeys
  readonly #reader: RecordReader
  /** Reused from page to page. */
  readonly #list = new LocationList()

  constructor(keys: LiveKeys, reader: RecordReader) {
    this.#keys = keys
    this.#reader = reader
  }

  /** One page. What it holds is decided before this returns its promise. */
  async page(options: PageOptions): Promise<RangePage> {
    checkedLimit(options.limit, 'limit')
    checkedLimit(options.bytesMax, 'bytesMax')
    if (options.keysOnly !== true && options.limit <= pageNowEntriesMax) {
      const page = this.#pageNow(options)
      if (page !== undefined) return page
    }
    const { addresses, more } = this.#collect(options)
    if (options.keysOnly === true) {
      return {
        entries: addresses.map(({ key, location }) => rangeEntry(key, noValue, location)),
        more,
      }
    }
    const records = await this.#reader.readMany(addresses)
    return {
      entries: records.map((record, place) =>
        rangeEntry(addresses[place]!.key, record.value, record),
      ),
      more,
    }
  }

  /** The page, if all of it is at hand: nothing is made of it but what is handed out. */
  #pageNow(options: PageOptions): RangePage | undefined {
    const list = this.#list
    const keys = this.#keys
    list.reset(options.limit)
    const more = keys.collect(options, options.reverse === true, options.bytesMax, list)
    const entries = this.#reader.readNow(list, (entry, bytes, start, end) =>
      keys.isKeyOf(entry, bytes, start, end),
    )
    return entries === undefined ? undefined : { entries, more }
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
