import type { KeyBounds } from '../key-bounds.ts'

/** Where the newest record of a key lies. */
export interface Location {
  /** Slot of its file in the file table. */
  readonly slot: number
  /** Byte offset of the record in that file. */
  readonly offset: number
  /** Length of the record in bytes. */
  readonly size: number
  /** Index of the record: the key's version. */
  readonly index: number
  /** ms since the epoch, or `neverExpires`. */
  readonly expiresAt: number
}

/**
 * All live keys with their locations, for lookups by key and walks in key order (byte by byte, unsigned,
 * shorter first). Keys handed in are copied; keys handed out are the caller's.
 */
export interface Keydir {
  /** Number of keys. */
  readonly size: number
  lookup(key: Uint8Array): Location | undefined
  /** Sets the location of a key. Returns the one before. */
  set(key: Uint8Array, location: Location): Location | undefined
  /** Forgets a key. Returns the location it had. */
  remove(key: Uint8Array): Location | undefined
  /**
   * Walks the keys inside `bounds` in order, or in reverse, in this turn of the event loop, until `visit`
   * returns false. `visit` must not change the keydir.
   */
  scan(
    bounds: KeyBounds,
    reverse: boolean,
    visit: (key: Buffer, location: Location) => boolean,
  ): void
}
