import { type KeyBounds, type KeyLimit, lowerLimit, upperLimit } from '../key-bounds.ts'
import { Entries, flagDead, flagOrdered, flagWaiting } from './entries.ts'
import { HashIndex } from './hash-index.ts'
import { HalfSipHash, type KeyHash } from './key-hash.ts'
import { KeyOrder } from './key-order.ts'
import { KeyWords } from './key-words.ts'
import type { SharedKeydir } from './keydir-view.ts'
import type { Location } from './location.ts'
import { OrderWalk, type WalkStart } from './order-walk.ts'
import { WaitingEntries } from './waiting-entries.ts'

/** Entries that wait for their place in the order, at most. */
const waitingMax = 32 * 1024
/** What settles when too many wait. */
const settledAtOnce = 64

/** What may settle before a walk. */
const settledBeforeWalk = 128

/** Memory that a keydir takes, in bytes. */
export interface KeydirMemory {
  /** Locations and keys. */
  readonly entryBytes: number
  /** Entries given back, for the next ones of their size. */
  readonly freeBytes: number
  readonly hashBytes: number
  readonly orderBytes: number
}

/**
 * All live keys with their locations, for lookups by key and walks in key order (byte by byte, unsigned,
 * shorter first). Everything that grows with the number of keys lies outside the JavaScript heap.
 *
 * A key is found through the hash index from the moment it is set. It enters the order later, in sorted runs:
 * {@link Keydir.settle}. Walks see both. A key that is removed leaves the hash index at once and the order
 * in the same way.
 */
export class Keydir {
  readonly #entries = new Entries()
  readonly #keyHash: KeyHash
  readonly #hash: HashIndex
  readonly #order: KeyOrder
  readonly #waiting: WaitingEntries
  readonly #key = new KeyWords()
  readonly #before = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }
  #size = 0
  #expiring = 0

  constructor(hash: KeyHash = new HalfSipHash()) {
    this.#keyHash = hash
    this.#hash = new HashIndex(this.#entries, hash)
    this.#order = new KeyOrder(this.#entries)
    this.#waiting = new WaitingEntries(this.#entries, waitingMax)
  }

  /** Number of keys. */
  get size(): number {
    return this.#size
  }

  /** Number of keys that expire. */
  get expiring(): number {
    return this.#expiring
  }

  /** Entries that wait to enter the order or to leave it. */
  get waiting(): number {
    return this.#waiting.length
  }

  get memory(): KeydirMemory {
    return {
      entryBytes: this.#entries.memory.usedWords * 4,
      freeBytes: this.#entries.memory.freeWords * 4,
      hashBytes: this.#hash.bytes,
      orderBytes: this.#order.bytes,
    }
  }

  /** What another thread needs to read it in place: {@link KeydirView}. */
  share(): SharedKeydir {
    return {
      secret: this.#keyHash.secret,
      hash: this.#hash.share(),
      entries: this.#entries.memory.chunks.map(({ buffer }) => buffer),
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

  /** Forgets all keys, and keeps the memory. For a keydir that is not shared. */
  clear(): void {
    this.#entries.memory.clear()
    this.#hash.clear()
    this.#order.clear()
    this.#waiting.clear()
    this.#size = 0
    this.#expiring = 0
  }

  /** Prepares an empty keydir for about `keys` keys. */
  reserve(keys: number): void {
    this.#hash.reserve(keys)
  }

  /** As {@link set} for a key behind all that there are: it enters the order at once. */
  append(bytes: Uint8Array, start: number, end: number, location: Location): void {
    this.#key.load(bytes, start, end)
    const entry = this.#entries.create(this.#key, location)
    this.#hash.insert(entry, this.#hash.hashOf(this.#key))
    this.#entries.setFlag(entry, flagOrdered)
    this.#order.append(entry)
    this.#size++
    this.#expiring += expiringIn(location)
  }

  /** Forgets a key. Returns the location it had, good until the next change. */
  remove(bytes: Uint8Array, start: number, end: number): Location | undefined {
    this.#key.load(bytes, start, end)
    const hash = this.#hash.hashOf(this.#key)
    const entry = this.#hash.find(this.#key, hash)
    if (entry === 0) return undefined
    this.#entries.readLocation(entry, this.#before)
    this.#drop(entry, hash)
    return this.#before
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
    const location = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }
    const start = from === undefined ? undefined : walkLimit({ key: from, inclusive: true })
    this.#settleLast()
    const walk = new OrderWalk(entries, this.#order, this.#waiting.sorted(), start, false)
    for (let seen = 0; ; seen++) {
      const entry = walk.next()
      if (entry === 0) return undefined
      if (seen === count) return entries.key(entry)
      if (entries.hasFlag(entry, flagDead)) continue
      entries.readLocation(entry, location)
      if (location.expiresAt !== 0 && location.expiresAt <= now) visit(entries.key(entry))
    }
  }

  /** Lets up to `count` of the entries that wait enter the order, or leave it. */
  settle(count: number): void {
    for (let settled = 0; settled < count; settled++) {
      const entry = this.#waiting.take()
      if (entry === 0) return
      this.#settleEntry(entry)
    }
  }

  /**
   * Walks the keys inside `bounds` in order, or in reverse, in this turn of the event loop, until `visit`
   * returns false. `visit` must not change the keydir.
   */
  scan(
    bounds: KeyBounds,
    reverse: boolean,
    visit: (key: Buffer, location: Location) => boolean,
  ): void {
    const lower = walkLimit(lowerLimit(bounds))
    const upper = walkLimit(upperLimit(bounds))
    const [start, end] = reverse ? [upper, lower] : [lower, upper]
    const entries = this.#entries
    this.#settleLast()
    const walk = new OrderWalk(entries, this.#order, this.#waiting.sorted(), start, reverse)
    for (let entry = walk.next(); entry !== 0; entry = walk.next()) {
      if (end !== undefined) {
        const order = entries.compareTo(entry, end.key)
        if (order === 0 ? !end.inclusive : order > 0 !== reverse) return
      }
      if (entries.hasFlag(entry, flagDead)) continue
      if (!visit(entries.key(entry), entries.location(entry))) return
    }
  }

  /** Spares a walk that follows a few writes the sorting of all that waits. */
  #settleLast(): void {
    for (let settled = 0; settled < settledBeforeWalk; settled++) {
      const entry = this.#waiting.takeLast()
      if (entry === 0) return
      this.#settleEntry(entry)
    }
  }

  #settleEntry(entry: number): void {
    const entries = this.#entries
    entries.clearFlag(entry, flagWaiting)
    const isOrdered = entries.hasFlag(entry, flagOrdered)
    if (entries.hasFlag(entry, flagDead)) {
      if (isOrdered) this.#order.remove(entry)
      entries.free(entry)
    } else if (!isOrdered) {
      entries.setFlag(entry, flagOrdered)
      this.#order.insert(entry)
    }
  }

  /** Adds `#key`. */
  #add(location: Location, hash: number): void {
    const entry = this.#entries.create(this.#key, location)
    this.#hash.insert(entry, hash)
    this.#wait(entry)
    this.#size++
    this.#expiring += expiringIn(location)
  }

  /** Forgets an entry, whose location is in `#before`. */
  #drop(entry: number, hash: number): void {
    this.#hash.remove(entry, hash)
    this.#entries.setFlag(entry, flagDead)
    this.#wait(entry)
    this.#size--
    this.#expiring -= expiringIn(this.#before)
  }

  #wait(entry: number): void {
    if (this.#entries.hasFlag(entry, flagWaiting)) return
    if (this.#waiting.length >= this.#waiting.capacity) this.settle(settledAtOnce)
    this.#entries.setFlag(entry, flagWaiting)
    this.#waiting.add(entry)
  }
}

function expiringIn({ expiresAt }: Location): 0 | 1 {
  return expiresAt === 0 ? 0 : 1
}

function walkLimit(limit: KeyLimit | undefined): WalkStart | undefined {
  if (limit === undefined) return undefined
  const key = new KeyWords()
  key.load(limit.key, 0, limit.key.length)
  return { key, inclusive: limit.inclusive }
}
