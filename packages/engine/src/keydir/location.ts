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
