import { boundNames, boundsOf, checkedKey } from './bytes-argument.ts'
import type { Clock } from './clock.ts'
import { KvError } from './errors.ts'
import { KeyScratch } from './key-scratch.ts'
import { checkedLimit } from './limit-argument.ts'
import type { LiveKeys } from './live-keys.ts'
import { refuseUnknownNames } from './option-names.ts'
import { checkSwitch } from './option-values.ts'
import { Pager } from './pager.ts'
import { neverExpires, RecordView } from './record.ts'
import { type RecordReader, valueBytesOf } from './record-reader.ts'
import type { Bytes, CountOptions, PageOptions, RangePage, StoredValue } from './results.ts'
import { shown } from './shown-value.ts'

const pageOptionNames = [...boundNames, 'reverse', 'limit', 'bytesMax', 'keysOnly']
/** Keys counted in one turn of the event loop: some 0.5 ms. */
const keysPerTurn = 8_192

/** Reads, of the store as it is now or of a snapshot. */
export class Reads {
  readonly #keys: LiveKeys
  readonly #reader: RecordReader
  readonly #pager: Pager
  readonly #clock: Clock
  readonly #keyBytesMax: number
  readonly #scratch = new KeyScratch()

  constructor(keys: LiveKeys, reader: RecordReader, clock: Clock, keyBytesMax: number) {
    this.#keys = keys
    this.#reader = reader
    this.#pager = new Pager(keys, reader)
    this.#clock = clock
    this.#keyBytesMax = keyBytesMax
  }

  /** The value of a key, in this very call where that is quick; then it may be lent until the next read. */
  getNow(key: Bytes, isLent = false): StoredValue | undefined | Promise<StoredValue> {
    const keyBytes = this.#scratch.key(key, this.#keyBytesMax)
    const location = this.#keys.lookup(keyBytes)
    if (location === undefined) return undefined
    const found = this.#reader.read({ key: keyBytes, location }, isLent)
    return found instanceof RecordView ? storedValue(found) : found.then(storedValue)
  }

  async getMany(keys: readonly Bytes[], bytesMax: number): Promise<(StoredValue | undefined)[]> {
    if (!Array.isArray(keys)) {
      throw new TypeError(`keys must be an array, not ${shown(keys)}; nothing was done`)
    }
    checkedLimit(bytesMax, 'bytesMax')
    const found = (keys as readonly Bytes[]).flatMap((key, place) => {
      const keyBytes = ownKey(key, this.#keyBytesMax)
      const location = this.#keys.lookup(keyBytes)
      return location === undefined ? [] : [{ place, address: { key: keyBytes, location } }]
    })
    const bytes = found.reduce((sum, { address }) => sum + valueBytesOf(address), 0)
    if (bytes > bytesMax) {
      throw new KvError(
        'KV_BATCH_TOO_LARGE',
        `the values of these ${keys.length} keys have ${bytes} bytes together, more than ${bytesMax}; nothing was read; ask for fewer keys at once`,
      )
    }
    const records = await this.#reader.readMany(found.map(({ address }) => address))
    const values: (StoredValue | undefined)[] = keys.map(() => undefined)
    for (const [at, record] of records.entries()) values[found[at]!.place] = storedValue(record)
    return values
  }

  /** Length of the value of a key in bytes, without reading it; undefined when there is none. */
  valueBytes(key: Bytes): number | undefined {
    const keyBytes = this.#scratch.key(key, this.#keyBytesMax)
    const location = this.#keys.lookup(keyBytes)
    return location === undefined ? undefined : valueBytesOf({ key: keyBytes, location })
  }

  async page(options: PageOptions): Promise<RangePage> {
    refuseUnknownNames(options, pageOptionNames, 'option')
    checkSwitch(options.reverse, 'reverse')
    checkSwitch(options.keysOnly, 'keysOnly')
    return this.#pager.page({ ...options, ...boundsOf(options) })
  }

  /**
   * The number of keys inside the bounds. Of a snapshot it is exact; `stillOpen`, which throws when the snapshot has
   * ended, is called in every turn of the event loop that it takes.
   */
  async count(options: CountOptions, stillOpen: () => void): Promise<number> {
    refuseUnknownNames(options, boundNames, 'option')
    const bounds = boundsOf(options)
    let keys = 0
    for (let gt: Buffer | undefined; ; await this.#clock.nextTurn()) {
      stillOpen()
      const stretch = gt === undefined ? bounds : { ...bounds, gte: undefined, gt }
      const part = this.#keys.count(stretch, keysPerTurn)
      keys += part.keys
      if (part.lastKey === undefined) return keys
      gt = part.lastKey
    }
  }
}

/** A key that stays what it is while others read on: callers may use their buffers again at once. */
function ownKey(key: Bytes, bytesMax: number): Uint8Array {
  const bytes = checkedKey(key, bytesMax)
  return typeof key === 'string' ? bytes : Buffer.from(bytes)
}

function storedValue({ value, index, expiresAt }: RecordView): StoredValue {
  return expiresAt === neverExpires
    ? { value, version: index }
    : { value, version: index, expiresAt }
}
