import { assert } from '../assert.ts'
import type { KeyBounds } from '../key-bounds.ts'
import type { LocationList } from '../location-list.ts'
import { Entries } from './entries.ts'
import { collectEntries, countEntries, walkInside } from './entry-scan.ts'
import { HashIndex } from './hash-index.ts'
import { KeptVersions } from './kept-versions.ts'
import { HalfSipHash, type KeyHash } from './key-hash.ts'
import { KeyOrder } from './key-order.ts'
import type { KeyCount, KeySource } from './key-source.ts'
import { KeyWords } from './key-words.ts'
import type { ImageParts, KeydirImage, KeydirState } from './keydir-image.ts'
import { KeydirSnapshot } from './keydir-snapshot.ts'
import type { SharedKeydir } from './keydir-view.ts'
import type { Location } from './location.ts'
import type { OrderWalk } from './order-walk.ts'

/** Memory that a keydir takes, in bytes. */
export interface KeydirMemory {
  /** Locations and keys. */
  readonly entryBytes: number
  /** Entries given back, for the next ones of their size. */
  readonly freeBytes: number
  /** The index by key. */
  readonly hashBytes: number
  /** The index in key order. */
  readonly orderBytes: number
}

/**
 * All live keys with their locations, for lookups by key and walks in key order (byte by byte, unsigned,
 * shorter first). Everything that grows with the number of keys lies outside the JavaScript heap.
 *
 * Snapshots see the keydir as of an index, however it changes: {@link Keydir.snapshot}.
 */
export class Keydir implements KeySource {
  readonly #entries = new Entries()
  readonly #keyHash: KeyHash
  readonly #hash: HashIndex
  readonly #order: KeyOrder
  readonly #kept: KeptVersions
  readonly #key = new KeyWords()
  readonly #before = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }
  #size = 0
  #expiring = 0

  constructor(hash: KeyHash = new HalfSipHash()) {
    this.#keyHash = hash
    this.#hash = new HashIndex(this.#entries, hash)
    this.#order = new KeyOrder(this.#entries)
    this.#kept = new KeptVersions(this.#entries)
  }

  /** The keydir that an image was made of. */
  static fromImage(state: KeydirState, parts: ImageParts): Keydir {
    const keydir = new Keydir(new HalfSipHash(Buffer.from(state.secret, 'hex')))
    keydir.#entries.memory.restore(state.entries, parts)
    keydir.#hash.restore(state.hash, parts)
    keydir.#order.restore(state.order, parts)
    keydir.#size = state.keys
    keydir.#expiring = state.expiring
    return keydir
  }

  /** Number of keys. */
  get size(): number {
    return this.#size
  }

  /** Number of keys that expire. */
  get expiring(): number {
    return this.#expiring
  }

  /** Memory of versions that only snapshots see, in bytes. */
  get keptBytes(): number {
    return this.#kept.bytes
  }

  /** Memory of what is in use, in bytes. */
  get usedBytes(): number {
    return this.#entries.memory.usedWords * 4 + this.#hash.bytes + this.#order.bytes
  }

  get memory(): KeydirMemory {
    return {
      entryBytes: this.#entries.memory.usedWords * 4,
      freeBytes: this.#entries.memory.freeWords * 4,
      hashBytes: this.#hash.bytes,
      orderBytes: this.#order.bytes,
    }
  }

  /** What another thread needs to read it in place, until {@link unshare}: {@link KeydirView}. */
  share(): SharedKeydir {
    return {
      secret: this.#keyHash.secret,
      hash: this.#hash.share(),
      entries: this.#entries.memory.chunks.map(({ buffer }) => buffer),
    }
  }

  /** No thread reads any more what a call of {@link share} gave. */
  unshare(): void {
    this.#hash.unshare()
  }

  /** What {@link Keydir.fromImage} makes it again from. Good until the next change; no snapshot's version is left. */
  image(): KeydirImage {
    assert(this.#kept.bytes === 0, 'an image holds nothing that is kept for snapshots')
    return {
      state: {
        keys: this.#size,
        expiring: this.#expiring,
        secret: Buffer.from(this.#keyHash.secret).toString('hex'),
        entries: this.#entries.memory.state,
        hash: this.#hash.state,
        order: this.#order.state,
      },
      parts: [...this.#entries.memory.parts, ...this.#hash.parts, ...this.#order.parts],
    }
  }

  lookup(key: Uint8Array): Location | undefined {
    this.#key.load(key, 0, key.length)
    const entry = this.#hash.find(this.#key, this.#hash.hashOf(this.#key))
    return entry === 0 ? undefined : this.#entries.location(entry)
  }

  /**
   * Sets the location of the key that `bytes` holds at [start, end), which is copied. Returns the location
   * before, good until the next change.
   */
  set(bytes: Uint8Array, start: number, end: number, location: Location): Location | undefined {
    const key = this.#key
    key.load(bytes, start, end)
    const hash = this.#hash.hashOf(key)
    const entry = this.#hash.find(key, hash)
    if (entry === 0) {
      this.#add(location, hash)
      return undefined
    }
    this.#entries.readLocation(entry, this.#before)
    this.#keepBefore(location.index)
    if (this.#entries.hasRoomFor(entry, location)) {
      this.#expiring += expiringIn(location) - expiringIn(this.#before)
      this.#hash.beginChange(hash)
      this.#entries.setLocation(entry, location)
      this.#hash.endChange(hash)
    } else {
      this.#drop(entry, hash)
      this.#add(location, hash)
    }
    return this.#before
  }

  /** Forgets all keys, and keeps the memory. For a keydir that is not shared and has no snapshots. */
  clear(): void {
    this.#entries.memory.clear()
    this.#hash.clear()
    this.#order.clear()
    this.#size = 0
    this.#expiring = 0
  }

  /** Prepares an empty keydir for about `keys` keys. */
  reserve(keys: number): void {
    this.#hash.reserve(keys)
  }

  /** As {@link set} for a key behind all that there are. */
  append(bytes: Uint8Array, start: number, end: number, location: Location): void {
    this.#key.load(bytes, start, end)
    const entry = this.#entries.create(this.#key, location)
    this.#hash.insert(entry, this.#hash.hashOf(this.#key))
    this.#order.append(entry)
    this.#size++
    this.#expiring += expiringIn(location)
  }

  /**
   * Forgets the key that `bytes` holds at [start, end), which the tombstone with index `removedAt` removes. Returns
   * the location it had, good until the next change.
   */
  remove(bytes: Uint8Array, start: number, end: number, removedAt: number): Location | undefined {
    this.#key.load(bytes, start, end)
    const hash = this.#hash.hashOf(this.#key)
    const entry = this.#hash.find(this.#key, hash)
    if (entry === 0) return undefined
    this.#entries.readLocation(entry, this.#before)
    this.#keepBefore(removedAt)
    this.#drop(entry, hash)
    return this.#before
  }

  /**
   * The keydir as it is now, which is as of `index`, that of the last record applied. Whoever closes it calls
   * {@link releaseKept} until nothing is left.
   */
  snapshot(index: number): KeydirSnapshot {
    const current = {
      entries: this.#entries,
      find: (key: KeyWords) => this.#hash.find(key, this.#hash.hashOf(key)),
      walk: (bounds: KeyBounds, reverse: boolean) => this.#walk(bounds, reverse),
    }
    return new KeydirSnapshot(current, this.#kept, index)
  }

  /** Frees up to `count` versions that no snapshot sees any more. Returns whether there are more. */
  releaseKept(count: number): boolean {
    this.#kept.release(count, this.#key)
    return this.#kept.hasLeft
  }

  /**
   * Looks at `count` keys from `from` on, or from the first, for those that have expired by `now`, in this turn of
   * the event loop. Returns the key to go on from, undefined at the end.
   */
  scanExpired(
    from: Uint8Array | undefined,
    count: number,
    now: number,
    visit: (key: Buffer) => void,
  ): Buffer | undefined {
    const entries = this.#entries
    const walk = this.#walk({ gte: from }, false)
    for (let seen = 0; walk.entry !== 0; seen++, walk.advance()) {
      const { entry } = walk
      if (seen === count) return entries.key(entry)
      const expiresAt = entries.expiresAt(entry)
      if (expiresAt !== 0 && expiresAt <= now) visit(entries.key(entry))
    }
    return undefined
  }

  scan(
    bounds: KeyBounds,
    reverse: boolean,
    visit: (key: Buffer, location: Location) => boolean,
  ): void {
    const entries = this.#entries
    for (const walk = this.#walk(bounds, reverse); walk.entry !== 0; walk.advance()) {
      if (!visit(entries.key(walk.entry), entries.location(walk.entry))) return
    }
  }

  collect(
    bounds: KeyBounds,
    reverse: boolean,
    bytesMax: number,
    now: number,
    list: LocationList,
  ): boolean {
    return collectEntries(this.#entries, this.#walk(bounds, reverse), bytesMax, now, list)
  }

  isKeyOf(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#entries.isKeyOf(entry, bytes, start, end)
  }

  count(bounds: KeyBounds, visitsMax: number, now: number): KeyCount {
    return countEntries(this.#entries, this.#walk(bounds, false), visitsMax, now)
  }

  #walk(bounds: KeyBounds, reverse: boolean): OrderWalk {
    return walkInside(this.#entries, this.#order, bounds, reverse)
  }

  /** Adds `#key`. */
  #add(location: Location, hash: number): void {
    const entry = this.#entries.create(this.#key, location)
    this.#hash.insert(entry, hash)
    this.#order.insert(entry, this.#key)
    this.#size++
    this.#expiring += expiringIn(location)
  }

  /** Forgets the entry of `#key`, whose location is in `#before`. */
  #drop(entry: number, hash: number): void {
    this.#hash.remove(entry, hash)
    this.#order.remove(entry, this.#key)
    this.#entries.free(entry)
    this.#size--
    this.#expiring -= expiringIn(this.#before)
  }

  /** Keeps the version of `#key` that is in `#before` for the snapshots that see it. */
  #keepBefore(replacedAt: number): void {
    const before = this.#before
    // A merge moves a record and does not replace it.
    if (before.index === replacedAt || !this.#kept.isSeen(before.index)) return
    this.#kept.keep(this.#key, before, replacedAt)
  }
}

function expiringIn({ expiresAt }: Location): 0 | 1 {
  return expiresAt === 0 ? 0 : 1
}
