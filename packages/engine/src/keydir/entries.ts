/**
 * The entries of the keydir: of each key where its newest record lies, and the key itself. In words:
 *
 * | word | what                                                                                     |
 * |------|------------------------------------------------------------------------------------------|
 * | 0    | byte offset of the record in its file                                                    |
 * | 1    | length of the record in bytes                                                            |
 * | 2    | index of the record, low 32 bits                                                         |
 * | 3    | index, high 21 bits, and above them the flags                                            |
 * | 4    | slot of the file, 16 bits, and above it the length of the key in bytes, 16 bits          |
 * | 5, 6 | expiresAt as a u64, where the flags say so                                               |
 * | .. 2 | of a version kept for snapshots: the index of what replaced it, as a u64                 |
 * | ..   | the key, as `key-words.ts` says                                                          |
 *
 * An entry is named by its address, here `entry`, a signed 32-bit integer that is never 0.
 */
import type { KeyHash } from './key-hash.ts'
import { areKeyBytes, type KeyWords, keyWordsOf, storeKeyBytes, wordAt } from './key-words.ts'
import type { Location } from './location.ts'
import { chunkOf, placeOf, WordMemory } from './word-memory.ts'

const headerWords = 5
const expiryWords = 2
const replacedWords = 2
const entryWordsMax = headerWords + expiryWords + replacedWords + keyWordsOf(0xffff)
const indexHighMask = 0x1f_ffff
const twoTo32 = 0x1_0000_0000

/** The entry has room for `expiresAt`. */
const flagExpiry = 1 << 21
/** The entry is a version that was replaced, and says by what. */
const flagReplaced = 1 << 22

export class Entries {
  readonly memory: WordMemory

  constructor(memory: WordMemory = new WordMemory(entryWordsMax)) {
    this.memory = memory
  }

  /** A new entry for a key, with room for `expiresAt` if the location has one. */
  create(key: KeyWords, location: Location): number {
    return this.#create(key, location, 0)
  }

  /** A new entry for a version that the record with index `replacedAt` has replaced. */
  createReplaced(key: KeyWords, location: Location, replacedAt: number): number {
    const entry = this.#create(key, location, flagReplaced)
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = replacedPlace(words, placeOf(entry))
    words[at] = replacedAt
    words[at + 1] = Math.floor(replacedAt / twoTo32)
    return entry
  }

  #create(key: KeyWords, location: Location, kindFlag: number): number {
    const flags = kindFlag | (location.expiresAt === 0 ? 0 : flagExpiry)
    const keyStart = keyWordsBefore(flags)
    const count = keyWordsOf(key.size)
    const entry = this.memory.allocate(keyStart + count)
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    words[at + 3] = flags
    words[at + 4] = key.size << 16
    const { words: keyWords } = key
    for (let i = 0; i < count; i++) words[at + keyStart + i] = keyWords[i]!
    this.setLocation(entry, location)
    return entry
  }

  /** Gives an entry's memory back. */
  free(entry: number): void {
    this.memory.free(entry, this.words(entry))
  }

  /** Words that an entry takes. */
  words(entry: number): number {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    return keyPlace(words, at) - at + keyWordsOf(words[at + 4]! >>> 16)
  }

  /** Whether an entry can hold this location: an expiry needs room. */
  hasRoomFor(entry: number, location: Location): boolean {
    if (location.expiresAt === 0) return true
    return (this.memory.chunks[chunkOf(entry)]![placeOf(entry) + 3]! & flagExpiry) !== 0
  }

  setLocation(entry: number, location: Location): void {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    const { index, expiresAt } = location
    words[at] = location.offset
    words[at + 1] = location.size
    words[at + 2] = index
    words[at + 3] = (words[at + 3]! & ~indexHighMask) | Math.floor(index / twoTo32)
    words[at + 4] = (words[at + 4]! & ~0xffff) | location.slot
    if ((words[at + 3]! & flagExpiry) !== 0) {
      words[at + 5] = expiresAt
      words[at + 6] = Math.floor(expiresAt / twoTo32)
    }
  }

  /** Fills `target` with an entry's location. */
  readLocation(entry: number, target: { -readonly [F in keyof Location]: Location[F] }): void {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    const high = words[at + 3]!
    target.slot = words[at + 4]! & 0xffff
    target.offset = words[at]! >>> 0
    target.size = words[at + 1]! >>> 0
    target.index = (words[at + 2]! >>> 0) + (high & indexHighMask) * twoTo32
    target.expiresAt = expiresAt(words, at)
  }

  location(entry: number): Location {
    const location = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }
    this.readLocation(entry, location)
    return location
  }

  /** Index of an entry's record. */
  index(entry: number): number {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    return (words[at + 2]! >>> 0) + (words[at + 3]! & indexHighMask) * twoTo32
  }

  /** When an entry's time is over, ms since the epoch; 0 for never. */
  expiresAt(entry: number): number {
    return expiresAt(this.memory.chunks[chunkOf(entry)]!, placeOf(entry))
  }

  /** Index of what replaced the version that an entry is; 0 for one that stands. */
  replacedAt(entry: number): number {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    if ((words[at + 3]! & flagReplaced) === 0) return 0
    const from = replacedPlace(words, at)
    return (words[from]! >>> 0) + words[from + 1]! * twoTo32
  }

  /** The key's bytes, as the caller's own. */
  key(entry: number): Buffer {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    const size = words[at + 4]! >>> 16
    const bytes = Buffer.allocUnsafe(size)
    storeKeyBytes(words, keyPlace(words, at), size, bytes, 0)
    return bytes
  }

  keySize(entry: number): number {
    return this.memory.chunks[chunkOf(entry)]![placeOf(entry) + 4]! >>> 16
  }

  /** Copies an entry's key to `target`. */
  readKey(entry: number, target: KeyWords): void {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    const size = words[at + 4]! >>> 16
    const count = keyWordsOf(size)
    const from = keyPlace(words, at)
    if (count > target.words.length) target.words = new Int32Array(count * 2)
    for (let i = 0; i < count; i++) target.words[i] = words[from + i]!
    target.size = size
  }

  /** The hash of an entry's key. */
  hash(entry: number, hash: KeyHash): number {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    return hash.hash(words, keyPlace(words, at), words[at + 4]! >>> 16)
  }

  /** Whether an entry's memory is here: a thread that reads may not have been told of all chunks. */
  isHere(entry: number): boolean {
    return this.memory.chunks[chunkOf(entry)] !== undefined
  }

  isKey(entry: number, key: KeyWords): boolean {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    const { size, words: keyWords } = key
    if (words[at + 4]! >>> 16 !== size) return false
    const from = keyPlace(words, at)
    const count = keyWordsOf(size)
    for (let i = 0; i < count; i++) if (words[from + i] !== keyWords[i]) return false
    return true
  }

  /** Whether an entry is of the key that `bytes` holds at [start, end). */
  isKeyOf(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    const size = words[at + 4]! >>> 16
    return size === end - start && areKeyBytes(words, keyPlace(words, at), size, bytes, start)
  }

  /** Negative when the entry's key is lower than `key`, 0 when it is the same, else positive. */
  compareTo(entry: number, key: KeyWords): number {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    return compareWords(words, keyPlace(words, at), words[at + 4]! >>> 16, key.words, 0, key.size)
  }

  compare(a: number, b: number): number {
    const wordsA = this.memory.chunks[chunkOf(a)]!
    const wordsB = this.memory.chunks[chunkOf(b)]!
    const atA = placeOf(a)
    const atB = placeOf(b)
    return compareWords(
      wordsA,
      keyPlace(wordsA, atA),
      wordsA[atA + 4]! >>> 16,
      wordsB,
      keyPlace(wordsB, atB),
      wordsB[atB + 4]! >>> 16,
    )
  }

  /** Four bytes of an entry's key from byte `skip` on, as a key word. */
  wordAt(entry: number, skip: number): number {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    return wordAt(words, keyPlace(words, at), words[at + 4]! >>> 16, skip)
  }

  /** How many leading bytes two entries' keys share. */
  sharedBytes(a: number, b: number): number {
    const wordsA = this.memory.chunks[chunkOf(a)]!
    const wordsB = this.memory.chunks[chunkOf(b)]!
    const atA = placeOf(a)
    const atB = placeOf(b)
    return sharedBytes(
      wordsA,
      keyPlace(wordsA, atA),
      wordsA[atA + 4]! >>> 16,
      wordsB,
      keyPlace(wordsB, atB),
      wordsB[atB + 4]! >>> 16,
    )
  }

  /** How many leading bytes an entry's key and `key` share. */
  sharedBytesWith(entry: number, key: KeyWords): number {
    const words = this.memory.chunks[chunkOf(entry)]!
    const at = placeOf(entry)
    return sharedBytes(words, keyPlace(words, at), words[at + 4]! >>> 16, key.words, 0, key.size)
  }
}

function expiresAt(words: Int32Array, at: number): number {
  if ((words[at + 3]! & flagExpiry) === 0) return 0
  return (words[at + 5]! >>> 0) + (words[at + 6]! >>> 0) * twoTo32
}

/** Where an entry's key starts. */
function keyPlace(words: Int32Array, at: number): number {
  const flags = words[at + 3]!
  // Nearly all entries are of this kind.
  if ((flags & (flagExpiry | flagReplaced)) === 0) return at + headerWords
  return at + keyWordsBefore(flags)
}

/** Where the index of what replaced an entry starts. */
function replacedPlace(words: Int32Array, at: number): number {
  return keyPlace(words, at) - replacedWords
}

/** Words of an entry before its key. */
function keyWordsBefore(flags: number): number {
  return (
    headerWords +
    ((flags & flagExpiry) === 0 ? 0 : expiryWords) +
    ((flags & flagReplaced) === 0 ? 0 : replacedWords)
  )
}

function compareWords(
  a: Int32Array,
  fromA: number,
  sizeA: number,
  b: Int32Array,
  fromB: number,
  sizeB: number,
): number {
  const count = keyWordsOf(sizeA < sizeB ? sizeA : sizeB)
  for (let i = 0; i < count; i++) {
    const wordA = a[fromA + i]!
    const wordB = b[fromB + i]!
    if (wordA !== wordB) return wordA < wordB ? -1 : 1
  }
  return sizeA - sizeB
}

function sharedBytes(
  a: Int32Array,
  fromA: number,
  sizeA: number,
  b: Int32Array,
  fromB: number,
  sizeB: number,
): number {
  const size = sizeA < sizeB ? sizeA : sizeB
  const count = keyWordsOf(size)
  for (let i = 0; i < count; i++) {
    const difference = a[fromA + i]! ^ b[fromB + i]!
    if (difference !== 0) return Math.min(size, (i << 2) + (Math.clz32(difference) >>> 3))
  }
  return size
}
