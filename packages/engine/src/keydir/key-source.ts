import type { KeyBounds } from '../key-bounds.ts'
import type { LocationList } from '../location-list.ts'
import type { Location } from './location.ts'

/** Keys and where their records lie, as of one moment: the keydir as it is now, or a snapshot of it. */
export interface KeySource {
  lookup(key: Uint8Array): Location | undefined
  /**
   * Walks the keys inside `bounds` in order, or in reverse, in this turn of the event loop, until `visit`
   * returns false. `visit` must not change the keydir.
   */
  scan(
    bounds: KeyBounds,
    reverse: boolean,
    visit: (key: Buffer, location: Location) => boolean,
  ): void
  /**
   * Adds to `list` the keys inside `bounds` in order, or in reverse, whose time is not over by `now`,
   * ms since the epoch: until it is full, or keys and values have more than `bytesMax` bytes together. Returns whether
   * there are more.
   */
  collect(
    bounds: KeyBounds,
    reverse: boolean,
    bytesMax: number,
    now: number,
    list: LocationList,
  ): boolean
  /** Whether an entry that was just collected is of the key that `bytes` holds at [start, end). */
  isKeyOf(entry: number, bytes: Uint8Array, start: number, end: number): boolean
  /**
   * Counts the keys inside `bounds` whose time is not over by `now`, ms since the epoch, in this turn of the event
   * loop, until it has looked at `visitsMax`.
   */
  count(bounds: KeyBounds, visitsMax: number, now: number): KeyCount
}

export interface KeyCount {
  readonly keys: number
  /** The key to go on behind, when not all were looked at. */
  readonly lastKey: Buffer | undefined
}
