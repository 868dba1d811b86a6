/**
 * Extendible hashing (Fagin, Nievergelt, Pippenger and Strong, 1979) from keys to entries. A directory of
 * 2^depth places names segments of fixed size; the first bits of a key's hash choose the place. A full
 * segment splits in two, so that growing never touches more than one segment; the directory doubles in place.
 */
import { assert } from '../assert.ts'
import type { Entries } from './entries.ts'
import { createDirectory, hashDirectory } from './hash-directory.ts'
import type { SharedHashIndex } from './hash-index-view.ts'
import {
  hashParts,
  homeOf,
  partsFrom,
  partsOf,
  splitsUp,
  splitWindow,
  tagOfParts,
  traceOf,
} from './hash-parts.ts'
import { byteAt, hashSegment, setByte, tagOf, zeroBytes } from './hash-segment.ts'
import type { KeyHash } from './key-hash.ts'
import type { KeyWords } from './key-words.ts'
import type { HashIndexState, ImagePart, ImageParts } from './keydir-image.ts'
import { chunkOf, placeOf, WordMemory } from './word-memory.ts'

const { distanceMax } = hashParts
const { depthWord, placesWord, staleDepth, changingDepth } = hashDirectory
const {
  slots,
  groups,
  depthPlace,
  keysPlace,
  removedPlace,
  overflowPlace,
  tagsPlace,
  tracesPlace,
  entriesPlace,
  words: segmentWords,
  emptyTag,
  removedTag,
  everyByte,
} = hashSegment

/** Slots in use, removed ones among them, from which on a segment splits or is cleaned. */
const usedMax = (slots * 7) / 8
/** Segments split up to 128 slots before that. */
const splitSpreadShift = 25
/** Removed slots that make cleaning a segment worth more than a split. */
const removedMin = slots / 4

/** 4 Mi segments: some 2.5 G keys. */
const depthMax = 22
/** A directory is made with room for its depth to grow. */
const firstDirectoryDepth = 8
const directoryGrowth = 2
/** Places in the directory for one segment: beyond it hashes are not what they should be. */
const placesPerSegmentMax = 64

export class HashIndex {
  readonly #entries: Entries
  readonly #hash: KeyHash
  readonly #memory = new WordMemory(segmentWords)
  #directory = createDirectory(firstDirectoryDepth)
  /** Entries taken out of a segment, and what of their hashes is known: {@link partsOf}. */
  readonly #moved = new Int32Array(slots)
  readonly #movedParts = new Int32Array(slots)
  #depth = 0
  #segments = 1
  /** Times that it is shared. */
  #views = 0

  constructor(entries: Entries, hash: KeyHash) {
    this.#entries = entries
    this.#hash = hash
    this.#directory[placesWord] = this.#createSegment(0)
  }

  /** Bytes that the segments and the directory take. */
  get bytes(): number {
    return this.#memory.usedWords * 4 + 4 * 2 ** this.#depth
  }

  /** Takes all entries out, and keeps the memory. */
  clear(): void {
    this.#memory.clear()
    this.#depth = 0
    this.#segments = 1
    this.#directory[depthWord] = 0
    this.#directory[placesWord] = this.#createSegment(0)
  }

  /** Makes an empty index as large as `keys` keys want it, and spares their coming most of the splits. */
  reserve(keys: number): void {
    assert(this.#segments === 1, 'an index is reserved before it is filled')
    while (this.#depth < depthMax && 2 ** this.#depth * usedMax < keys) this.#doubleDirectory()
    const places = 2 ** this.#depth
    const first = this.#directory[placesWord]!
    this.#memory.chunks[chunkOf(first)]![placeOf(first) + depthPlace] = this.#depth
    for (let place = 1; place < places; place++) {
      this.#directory[placesWord + place] = this.#createSegment(this.#depth)
    }
    this.#segments = places
  }

  /** What another thread needs to look keys up, until as many calls of {@link unshare}. */
  share(): SharedHashIndex {
    this.#views++
    return {
      directory: this.#directory.buffer,
      segments: this.#memory.chunks.map(({ buffer }) => buffer),
    }
  }

  unshare(): void {
    assert(this.#views > 0, 'an index that is no longer shared was shared')
    this.#views--
  }

  get state(): HashIndexState {
    return { depth: this.#depth, segments: this.#segments, memory: this.#memory.state }
  }

  get parts(): ImagePart[] {
    const words = this.#directory.subarray(0, placesWord + 2 ** this.#depth)
    return [{ words, capacity: this.#directory.length }, ...this.#memory.parts]
  }

  /** Becomes, still empty, the index that an image was made of. */
  restore(state: HashIndexState, parts: ImageParts): void {
    const [directory] = parts.take(1)
    this.#directory = directory!
    this.#memory.clear()
    this.#memory.chunks.length = 0
    this.#memory.restore(state.memory, parts)
    this.#depth = state.depth
    this.#segments = state.segments
  }

  hashOf(key: KeyWords): number {
    return this.#hash.hash(key.words, 0, key.size)
  }

  /** The entry of a key, or 0. */
  find(key: KeyWords, hash: number): number {
    const entries = this.#entries
    const wanted = tagOf(hash)
    const pattern = Math.imul(wanted, everyByte)
    let segment = this.#directory[placesWord + this.#placeOf(hash)]!
    do {
      const words = this.#memory.chunks[chunkOf(segment)]!
      const at = placeOf(segment)
      for (let group = hash & (groups - 1), probed = 0; probed < groups; probed++) {
        const tags = words[at + tagsPlace + 2 * group]!
        let hits = zeroBytes(tags ^ pattern)
        while (hits !== 0) {
          const slot = group * 4 + ((31 - Math.clz32(hits & -hits)) >>> 3)
          const entry = words[at + entriesPlace + slot]!
          if (entry !== 0 && entries.isKey(entry, key)) return entry
          hits &= hits - 1
        }
        if (zeroBytes(tags) !== 0) break
        group = (group + 1) & (groups - 1)
      }
      segment = words[at + overflowPlace]!
    } while (segment !== 0)
    return 0
  }

  /** Adds the entry of a key that has none. */
  insert(entry: number, hash: number): void {
    for (;;) {
      const segment = this.#directory[placesWord + this.#placeOf(hash)]!
      const words = this.#memory.chunks[chunkOf(segment)]!
      const at = placeOf(segment)
      const used = words[at + keysPlace]! + words[at + removedPlace]!
      const maySplit = this.#maySplit(words[at + depthPlace]!)
      if (used < (maySplit ? splitAt(segment) : usedMax)) {
        this.#begin(words, at)
        this.#place(words, at, entry, partsOf(hash, words[at + depthPlace]!))
        this.#end(words, at)
        return
      }
      const hasOverflow = words[at + overflowPlace] !== 0
      if (!hasOverflow && words[at + removedPlace]! >= removedMin) this.#clean(segment, segment)
      else if (!hasOverflow && maySplit) this.#split(segment, hash)
      else {
        this.#insertBehind(segment, entry, hash)
        return
      }
    }
  }

  /** Takes out an entry that is in. */
  remove(entry: number, hash: number): void {
    const head = this.#directory[placesWord + this.#placeOf(hash)]!
    const headWords = this.#memory.chunks[chunkOf(head)]!
    const headAt = placeOf(head)
    for (let segment = head; segment !== 0; ) {
      const words = this.#memory.chunks[chunkOf(segment)]!
      const at = placeOf(segment)
      const slot = this.#slotOf(words, at, entry, hash)
      if (slot !== -1) {
        this.#begin(headWords, headAt)
        setByte(words, at + tagsPlace, slot, removedTag)
        words[at + entriesPlace + slot] = 0
        words[at + keysPlace]! -= 1
        words[at + removedPlace]! += 1
        this.#end(headWords, headAt)
        return
      }
      segment = words[at + overflowPlace]!
    }
    assert(false, 'an entry that is removed is in the hash index')
  }

  /** Runs between the two calls change an entry that is in: readers on other threads look again. */
  beginChange(hash: number): void {
    const segment = this.#directory[placesWord + this.#placeOf(hash)]!
    this.#begin(this.#memory.chunks[chunkOf(segment)]!, placeOf(segment))
  }

  endChange(hash: number): void {
    const segment = this.#directory[placesWord + this.#placeOf(hash)]!
    this.#end(this.#memory.chunks[chunkOf(segment)]!, placeOf(segment))
  }

  #placeOf(hash: number): number {
    // Two shifts, because one by 32 is one by 0.
    return (hash >>> 1) >>> (31 - this.#depth)
  }

  /** The counters cost a twentieth of a put: they stand still while nobody watches them. */
  #begin(words: Int32Array, at: number): void {
    if (this.#views > 0) Atomics.store(words, at, words[at]! + 1)
  }

  #end(words: Int32Array, at: number): void {
    if (this.#views > 0) Atomics.store(words, at, words[at]! + 1)
  }

  /** Puts an entry, of whose hash these are the parts, into the first slot that is not in use. There is one. */
  #place(words: Int32Array, at: number, entry: number, parts: number): void {
    const home = homeOf(parts)
    for (let distance = 0; ; distance++) {
      const group = (home + distance) & (groups - 1)
      const tags = words[at + tagsPlace + 2 * group]!
      for (let i = 0; i < 4; i++) {
        const tag = (tags >>> (i << 3)) & 0xff
        if (tag > removedTag) continue
        const slot = group * 4 + i
        setByte(words, at + tagsPlace, slot, tagOfParts(parts))
        setByte(words, at + tracesPlace, slot, traceOf(parts, distance))
        words[at + entriesPlace + slot] = entry
        words[at + keysPlace]! += 1
        if (tag === removedTag) words[at + removedPlace]! -= 1
        return
      }
    }
  }

  #slotOf(words: Int32Array, at: number, entry: number, hash: number): number {
    for (let group = hash & (groups - 1), probed = 0; probed < groups; probed++) {
      for (let slot = group * 4; slot < group * 4 + 4; slot++) {
        if (words[at + entriesPlace + slot] === entry) return slot
      }
      const tags = words[at + tagsPlace + 2 * group]!
      if (zeroBytes(tags) !== 0) return -1
      group = (group + 1) & (groups - 1)
    }
    return -1
  }

  #maySplit(depth: number): boolean {
    return (
      depth < depthMax &&
      (depth < this.#depth || 2 ** (depth + 1) <= this.#segments * placesPerSegmentMax)
    )
  }

  #createSegment(depth: number): number {
    const segment = this.#memory.allocate(segmentWords)
    const words = this.#memory.chunks[chunkOf(segment)]!
    const at = placeOf(segment)
    words.fill(0, at, at + segmentWords)
    words[at + depthPlace] = depth
    return segment
  }

  #split(segment: number, hash: number): void {
    const words = this.#memory.chunks[chunkOf(segment)]!
    const at = placeOf(segment)
    const depth = words[at + depthPlace]!
    if (depth === this.#depth) this.#doubleDirectory()
    const sibling = this.#createSegment(depth + 1)
    const siblingWords = this.#memory.chunks[chunkOf(sibling)]!
    const siblingAt = placeOf(sibling)
    this.#segments++
    this.#begin(words, at)
    // Traces that are used up are made anew, of the keys' hashes.
    const isLast = splitWindow(depth + 1) !== splitWindow(depth)
    const count = this.#takeOut(words, at)
    words[at + depthPlace] = depth + 1
    for (let i = 0; i < count; i++) {
      const entry = this.#moved[i]!
      const parts = this.#movedParts[i]!
      const isUpper = splitsUp(parts, depth)
      const kept = isLast ? partsOf(this.#entries.hash(entry, this.#hash), depth + 1) : parts
      if (isUpper) this.#place(siblingWords, siblingAt, entry, kept)
      else this.#place(words, at, entry, kept)
    }
    // The upper half of the places that have named the segment.
    const span = 2 ** (this.#depth - depth)
    const first = Math.floor(this.#placeOf(hash) / span) * span
    const upper = placesWord + first + span / 2
    this.#directory.fill(sibling, upper, upper + span / 2)
    this.#end(words, at)
  }

  #doubleDirectory(): void {
    const old = this.#directory
    const places = 2 ** this.#depth
    const isFull = placesWord + 2 * places > old.length
    const directory = isFull ? createDirectory(this.#depth + directoryGrowth) : old
    // While its places move, the directory names segments where they do not belong.
    Atomics.store(old, depthWord, isFull ? staleDepth : changingDepth)
    for (let place = places - 1; place >= 0; place--) {
      const segment = old[placesWord + place]!
      directory[placesWord + 2 * place + 1] = segment
      directory[placesWord + 2 * place] = segment
    }
    this.#directory = directory
    this.#depth++
    Atomics.store(directory, depthWord, this.#depth)
  }

  /** Frees the slots of removed keys in a segment that `head` leads to. */
  #clean(segment: number, head: number): void {
    const words = this.#memory.chunks[chunkOf(segment)]!
    const at = placeOf(segment)
    const headWords = this.#memory.chunks[chunkOf(head)]!
    this.#begin(headWords, placeOf(head))
    const count = this.#takeOut(words, at)
    for (let i = 0; i < count; i++) {
      this.#place(words, at, this.#moved[i]!, this.#movedParts[i]!)
    }
    this.#end(headWords, placeOf(head))
  }

  /** Empties a segment; its entries are in `#moved` then, with the parts of their hashes. Returns how many. */
  #takeOut(words: Int32Array, at: number): number {
    const depth = words[at + depthPlace]!
    let count = 0
    for (let slot = 0; slot < slots; slot++) {
      const entry = words[at + entriesPlace + slot]!
      if (entry === 0) continue
      this.#moved[count] = entry
      const trace = byteAt(words, at + tracesPlace, slot)
      const distance = trace & distanceMax
      this.#movedParts[count++] =
        distance === distanceMax
          ? partsOf(this.#entries.hash(entry, this.#hash), depth)
          : partsFrom((slot >>> 2) - distance, byteAt(words, at + tagsPlace, slot), trace)
    }
    words.fill(emptyTag, at + tagsPlace, at + segmentWords)
    words[at + keysPlace] = 0
    words[at + removedPlace] = 0
    return count
  }

  /** For keys whose hashes no split can tell apart. */
  #insertBehind(head: number, entry: number, hash: number): void {
    let segment = head
    for (;;) {
      const words = this.#memory.chunks[chunkOf(segment)]!
      const at = placeOf(segment)
      if (words[at + keysPlace]! + words[at + removedPlace]! < usedMax) {
        const headWords = this.#memory.chunks[chunkOf(head)]!
        this.#begin(headWords, placeOf(head))
        this.#place(words, at, entry, partsOf(hash, words[at + depthPlace]!))
        this.#end(headWords, placeOf(head))
        return
      }
      if (words[at + removedPlace]! >= removedMin) {
        this.#clean(segment, head)
        continue
      }
      words[at + overflowPlace] ||= this.#createSegment(depthMax)
      segment = words[at + overflowPlace]!
    }
  }
}

/**
 * Slots in use at which a segment splits: of each another number, or all would split at nearly the same time, as hashes
 * fill them alike, and hold up whoever writes then.
 */
function splitAt(segment: number): number {
  return usedMax - (Math.imul(segment, 0x9e37_79b1) >>> splitSpreadShift)
}
