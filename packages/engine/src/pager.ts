import { checkedLimit } from './limit-argument.ts'
import type { LiveKeys } from './live-keys.ts'
import { neverExpires, recordHeaderBytes } from './record.ts'
import type { RecordAddress, RecordReader } from './record-reader.ts'
import type { PageOptions, RangeEntry, RangePage } from './results.ts'

const noValue = Buffer.alloc(0)

interface KeyAddress extends RecordAddress {
  readonly key: Buffer
}

/** Reads pages of ranges. A page is the store as of one moment. */
export class Pager {
  readonly #keys: LiveKeys
  readonly #reader: RecordReader

  constructor(keys: LiveKeys, reader: RecordReader) {
    this.#keys = keys
    this.#reader = reader
  }

  /** One page. What it holds is decided before this returns its promise. */
  async page(options: PageOptions): Promise<RangePage> {
    checkedLimit(options.limit, 'limit')
    checkedLimit(options.bytesMax, 'bytesMax')
    const { addresses, more } = this.#collect(options)
    if (options.keysOnly === true) {
      return { entries: addresses.map(({ key, location }) => entry(key, noValue, location)), more }
    }
    const records = await this.#reader.readMany(addresses)
    return {
      entries: records.map((record, place) => entry(addresses[place]!.key, record.value, record)),
      more,
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

function entry(
  key: Buffer,
  value: Buffer,
  { index, expiresAt }: { readonly index: number; readonly expiresAt: number },
): RangeEntry {
  return expiresAt === neverExpires
    ? { key, value, version: index }
    : { key, value, version: index, expiresAt }
}
