import type { Location } from './keydir/location.ts'

/** Where records lie, side by side in typed arrays: lists of them are made for every page of a range. */
export class LocationList {
  length = 0
  /** Locations that it is to hold at most. */
  limit = 0
  slots: Int32Array = new Int32Array(0)
  offsets: Float64Array = new Float64Array(0)
  sizes: Float64Array = new Float64Array(0)
  /** Versions of the records. */
  indexes: Float64Array = new Float64Array(0)
  expiresAts: Float64Array = new Float64Array(0)
  /** Entries of the keydir, good until it changes; 0 where they were not asked for. */
  entries: Int32Array = new Int32Array(0)

  static of(records: readonly { readonly location: Location }[]): LocationList {
    const list = new LocationList()
    list.reset(records.length)
    for (const { location } of records) list.push(location, 0)
    return list
  }

  /** Empties the list, for up to `limit` locations. */
  reset(limit: number): void {
    this.length = 0
    this.limit = limit
    if (limit > this.slots.length) this.#allocate(limit)
  }

  /** There is room. */
  push({ slot, offset, size, index, expiresAt }: Location, entry: number): void {
    const place = this.length++
    this.slots[place] = slot
    this.offsets[place] = offset
    this.sizes[place] = size
    this.indexes[place] = index
    this.expiresAts[place] = expiresAt
    this.entries[place] = entry
  }

  #allocate(capacity: number): void {
    this.slots = new Int32Array(capacity)
    this.offsets = new Float64Array(capacity)
    this.sizes = new Float64Array(capacity)
    this.indexes = new Float64Array(capacity)
    this.expiresAts = new Float64Array(capacity)
    this.entries = new Int32Array(capacity)
  }
}
