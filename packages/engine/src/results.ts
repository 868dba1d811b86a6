/** What the store's operations take and give. */
import type { KeyBounds } from './key-bounds.ts'

/** Strings are UTF-8; one with half a surrogate pair is a `TypeError`. Buffers are copied, and stay the caller's. */
export type Bytes = Uint8Array | string

/** `written`: the operating system has it; `synced`: the disk has it. */
export type ReachedDurability = 'written' | 'synced'

/** What every write takes. */
export interface WriteOptions {
  /** A wish stronger than the store's mode is honoured; a weaker one changes nothing. Default: the mode's. */
  readonly durability?: ReachedDurability
}

/** What a put takes. An option that is undefined is as if it was left out. */
export interface PutOptions extends WriteOptions {
  /** Only if this is the key's current version, 0 for no such key; else KV_VERSION_MISMATCH. */
  readonly ifVersion?: number | undefined
  /** Only if there is no such key, else KV_VERSION_MISMATCH. Not together with a version. */
  readonly ifAbsent?: boolean | undefined
  /** The key is gone this many ms from now: 1 to 2^52. Default: it stays. */
  readonly ttlMs?: number | undefined
}

/** What a delete takes. */
export interface DeleteOptions extends WriteOptions {
  /** As of {@link PutOptions}. */
  readonly ifVersion?: number | undefined
}

/** At least one bound: `{ prefix: '' }` is every key. */
export interface DeleteRangeOptions extends CountOptions, WriteOptions {}

/** Of a put, or a batch. */
export interface WriteResult {
  /** Index of the record: grows with every write to the store. A batch's i-th operation has `version + i`. */
  readonly version: number
  /** What the write has reached. */
  readonly durability: ReachedDurability
}

/** Of a delete. */
export interface DeleteResult {
  /** Whether there was such a key. */
  readonly existed: boolean
  /** Index of the tombstone. Undefined when the key was absent: then nothing is logged. */
  readonly version: number | undefined
  /** What the tombstone has reached, or, where there is none, the writes that its absence rests on. */
  readonly durability: ReachedDurability
}

/** Of a delete of a range. */
export interface DeleteRangeResult {
  /** Keys that were there and are gone. */
  readonly deleted: number
  /** Version of the last of their tombstones; undefined when there was no key. */
  readonly version: number | undefined
  /** What all of their tombstones have reached. */
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
  /** Index of the record that wrote it: what `ifVersion` compares. */
  readonly version: number
  /** When the key is gone, ms since the epoch. Left out when it stays. */
  readonly expiresAt?: number
}

/**
 * Which keys. Lower bound `gte` or `gt`, upper `lte` or `lt`, or `prefix`, which the others may narrow; all keys when none
 * is given. Keys compare byte by byte, unsigned, the shorter first.
 */
export interface CountOptions {
  /** From this key on. Where a bound of each kind is given, the tighter one counts. */
  readonly gte?: Bytes | undefined
  /** From behind this key. */
  readonly gt?: Bytes | undefined
  /** Up to this key. */
  readonly lte?: Bytes | undefined
  /** Up to before this key. */
  readonly lt?: Bytes | undefined
  /** Keys that begin with these bytes; every key where there are none. */
  readonly prefix?: Bytes | undefined
}

/** Which entries of a range, in what order, and how many. */
export interface RangeOptions extends CountOptions {
  /** From the last key to the first. Default false. */
  readonly reverse?: boolean | undefined
  /** Entries at most. Default: no limit. */
  readonly limit?: number | undefined
  /** Leave the values away, and unread. Default false. */
  readonly keysOnly?: boolean | undefined
}

/** One stretch of a range: its bounds, as bytes, and how much of it. */
export interface PageOptions extends KeyBounds {
  /** From the last key to the first. Default false. */
  readonly reverse?: boolean | undefined
  /** Entries at most: a whole number from 0 on. */
  readonly limit: number
  /** Keys and values together at most, in bytes; one entry is always allowed. */
  readonly bytesMax: number
  /** Leave the values away, and unread. Default false. */
  readonly keysOnly?: boolean | undefined
}

/**
 * Key and value are the caller's own; they may share memory with what is read around them: keeping a value keeps 64 KiB,
 * or the value itself where that is longer, keeping a key 4 KiB. Who keeps few of many, or
 * transfers one to another thread, copies it.
 */
export interface RangeEntry {
  readonly key: Buffer
  /** Empty when only keys were asked for. */
  readonly value: Buffer
  /** Index of the record that wrote it. */
  readonly version: number
  /** When the key is gone, ms since the epoch. Left out when it stays. */
  readonly expiresAt?: number
}

/** One stretch of a range, as of one moment. */
export interface RangePage {
  /** In key order, or in reverse. */
  readonly entries: readonly RangeEntry[]
  /** Whether there is more behind the last entry: ask again from behind its key. */
  readonly more: boolean
}
