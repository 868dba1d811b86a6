/** What the store's operations take and give. */
import type { KeyBounds } from './key-bounds.ts'

/** Strings are UTF-8. */
export type Bytes = Uint8Array | string

/** `written`: the operating system has it; `synced`: the disk has it. */
export type ReachedDurability = 'written' | 'synced'

export interface WriteOptions {
  /** A wish stronger than the store's mode is honoured. */
  readonly durability?: ReachedDurability
}

export interface PutOptions extends WriteOptions {
  /** Only if this is the key's current version, 0 for no such key; else KV_VERSION_MISMATCH. */
  readonly ifVersion?: number | undefined
  /** Only if there is no such key, else KV_VERSION_MISMATCH. */
  readonly ifAbsent?: boolean | undefined
  /** The key is gone this many ms from now. */
  readonly ttlMs?: number | undefined
}

export interface DeleteOptions extends WriteOptions {
  /** As of {@link PutOptions}. */
  readonly ifVersion?: number | undefined
}

/** At least one bound: `{ prefix: '' }` is every key. */
export interface DeleteRangeOptions extends CountOptions, WriteOptions {}

export interface WriteResult {
  /** Index of the record: grows with every write to the store. A batch's i-th operation has `version + i`. */
  readonly version: number
  readonly durability: ReachedDurability
}

export interface DeleteResult {
  readonly existed: boolean
  /** Undefined when the key was absent: then nothing is logged. */
  readonly version: number | undefined
  readonly durability: ReachedDurability
}

export interface DeleteRangeResult {
  /** Keys that were there and are gone. */
  readonly deleted: number
  /** Version of the last of their tombstones; undefined when there was no key. */
  readonly version: number | undefined
  readonly durability: ReachedDurability
}

/** A condition of any operation holds for the whole batch; it sees the store before the batch. */
export type BatchOperation =
  | ({ readonly type: 'put'; readonly key: Bytes; readonly value: Bytes } & Omit<
      PutOptions,
      'durability'
    >)
  | ({ readonly type: 'delete'; readonly key: Bytes } & Omit<DeleteOptions, 'durability'>)

/** The buffer is the caller's own. */
export interface StoredValue {
  readonly value: Buffer
  readonly version: number
  /** When the key is gone, ms since the epoch. Left out when it stays. */
  readonly expiresAt?: number
}

/** Which keys: see `KeyBounds`. All of them when none is given. */
export interface CountOptions {
  readonly gte?: Bytes | undefined
  readonly gt?: Bytes | undefined
  readonly lte?: Bytes | undefined
  readonly lt?: Bytes | undefined
  readonly prefix?: Bytes | undefined
}

export interface RangeOptions extends CountOptions {
  readonly reverse?: boolean | undefined
  /** Entries at most. Default: no limit. */
  readonly limit?: number | undefined
  /** Leave the values away, and unread. */
  readonly keysOnly?: boolean | undefined
}

export interface PageOptions extends KeyBounds {
  readonly reverse?: boolean | undefined
  /** Entries at most. */
  readonly limit: number
  /** Keys and values together at most, in bytes; one entry is always allowed. */
  readonly bytesMax: number
  readonly keysOnly?: boolean | undefined
}

export interface RangeEntry {
  readonly key: Buffer
  /** Empty when only keys were asked for. */
  readonly value: Buffer
  readonly version: number
  /** When the key is gone, ms since the epoch. Left out when it stays. */
  readonly expiresAt?: number
}

/** One stretch of a range, as of one moment. */
export interface RangePage {
  readonly entries: readonly RangeEntry[]
  /** Whether there is more behind the last entry: ask again from behind its key. */
  readonly more: boolean
}
