/**
 * A sorted list of entries in a block of words, made for searches that do not touch the entries: beside each
 * stand four bytes of its key, from the first byte on that is not the same in all of them (the "poor man's
 * normalized keys" of Graefe, "Modern B-Tree Techniques", 2011, section 3.5, behind a truncated prefix).
 *
 * | word               | what                                                    |
 * |--------------------|---------------------------------------------------------|
 * | 0                  | length of the list                                      |
 * | 1                  | skip: leading bytes of the keys that stand for nothing   |
 * | 2                  | late: entries behind the list that are not sorted in yet |
 * | 3..                | for each entry, four bytes of its key from `skip` on     |
 * | 3 + capacity..     | the entries                                              |
 *
 * A list may have some late entries: they come at no cost but their own, and {@link EntryLists.settle} sorts them in
 * all at once. Whatever else is done with a list wants it settled.
 */
import type { Entries } from './entries.ts'
import { type KeyWords, wordAt } from './key-words.ts'

const skipPlace = 1
const latePlace = 2
const prefixesPlace = 3
const lateMax = 16
/** Of the four bytes of a prefix, so many may be the same in all keys. */
const slackBytesMax = 1

/** Words of a block that holds `capacity` entries. */
export function listWords(capacity: number): number {
  return prefixesPlace + 2 * capacity
}

/** What can be done with blocks of one capacity. A block is named by its words and its place in them. */
export class EntryLists {
  readonly capacity: number
  readonly #entries: Entries
  readonly #entriesPlace: number
  /** Of a list that is being settled. */
  readonly #latePrefixes = new Int32Array(lateMax)
  readonly #lateEntries = new Int32Array(lateMax)

  constructor(entries: Entries, capacity: number) {
    this.#entries = entries
    this.capacity = capacity
    this.#entriesPlace = prefixesPlace + capacity
  }

  clear(words: Int32Array, at: number): void {
    words[at] = 0
    words[at + skipPlace] = 0
    words[at + latePlace] = 0
  }

  /**
   * Adds a late entry, whose key is `key`, without a look at any other: its first `nameSkip` bytes are those of all
   * keys here, and `namePrefix` are the next four of the first key here. False when that does not tell whether it
   * shares the list's skip, or when there is no room before the list is settled, or at all.
   */
  addLate(
    words: Int32Array,
    at: number,
    entry: number,
    key: KeyWords,
    nameSkip: number,
    namePrefix: number,
  ): boolean {
    const length = words[at]!
    const late = words[at + latePlace]!
    if (late === lateMax || length + late === this.capacity) return false
    const skip = words[at + skipPlace]!
    const rest = skip - nameSkip
    if (rest > 4) return false
    if (rest > 0) {
      const difference = wordAt(key.words, 0, key.size, nameSkip) ^ namePrefix
      // The key's end is none of its bytes: what stands for it may be that of another.
      if (difference >>> (32 - 8 * rest) !== 0 || key.size < skip) return false
    }
    words[at + this.#entriesPlace + length + late] = entry
    words[at + prefixesPlace + length + late] = wordAt(key.words, 0, key.size, skip)
    words[at + latePlace] = late + 1
    return true
  }

  /** Sorts late entries in. Among entries of one key those that came later come first. */
  settle(words: Int32Array, at: number): void {
    const late = words[at + latePlace]!
    if (late === 0) return
    const length = words[at]!
    words[at + latePlace] = 0
    this.#sortLate(words, at, length, late)
    const prefixesAt = at + prefixesPlace
    const entriesAt = at + this.#entriesPlace
    // From the back, so that nothing is in the way.
    let from = length - 1
    let to = length + late - 1
    for (let i = late - 1; i >= 0; to--) {
      const isSortedLast =
        from >= 0 &&
        !this.#isBefore(
          words[prefixesAt + from]!,
          words[entriesAt + from]!,
          this.#latePrefixes[i]!,
          this.#lateEntries[i]!,
        )
      if (isSortedLast) {
        words[prefixesAt + to] = words[prefixesAt + from]!
        words[entriesAt + to] = words[entriesAt + from]!
        from--
      } else {
        words[prefixesAt + to] = this.#latePrefixes[i]!
        words[entriesAt + to] = this.#lateEntries[i]!
        i--
      }
    }
    words[at] = length + late
  }

  /** Fills the buffers with the late entries, in order. */
  #sortLate(words: Int32Array, at: number, length: number, late: number): void {
    const lateAt = at + this.#entriesPlace + length
    const latePrefixesAt = at + prefixesPlace + length
    for (let i = 0; i < late; i++) {
      const entry = words[lateAt + i]!
      const prefix = words[latePrefixesAt + i]!
      let place = i
      for (; place > 0; place--) {
        const before = place - 1
        const otherPrefix = this.#latePrefixes[before]!
        const other = this.#lateEntries[before]!
        if (this.#isBefore(otherPrefix, other, prefix, entry)) break
        this.#latePrefixes[place] = otherPrefix
        this.#lateEntries[place] = other
      }
      this.#latePrefixes[place] = prefix
      this.#lateEntries[place] = entry
    }
  }

  #isBefore(prefixA: number, a: number, prefixB: number, b: number): boolean {
    return prefixA === prefixB ? this.#entries.compare(a, b) < 0 : prefixA < prefixB
  }

  length(words: Int32Array, at: number): number {
    return words[at]!
  }

  entry(words: Int32Array, at: number, place: number): number {
    return words[at + this.#entriesPlace + place]!
  }

  /** Leading bytes that all keys share, and {@link prefix} leaves out. */
  skip(words: Int32Array, at: number): number {
    return words[at + skipPlace]!
  }

  /** Four bytes of the key of the entry at `place`, behind those that are skipped. */
  prefix(words: Int32Array, at: number, place: number): number {
    return words[at + prefixesPlace + place]!
  }

  /** Whether a key starts as all that are in. */
  sharesSkip(words: Int32Array, at: number, key: KeyWords): boolean {
    const skip = words[at + skipPlace]!
    return skip === 0 || this.#entries.sharedBytesWith(words[at + this.#entriesPlace]!, key) >= skip
  }

  /** The first place whose key is not lower than `key`; the length when there is none. */
  lowerPlace(words: Int32Array, at: number, key: KeyWords): number {
    const length = words[at]!
    if (length === 0) return 0
    const skip = words[at + skipPlace]!
    const entries = this.#entries
    const first = words[at + this.#entriesPlace]!
    if (skip > 0 && entries.sharedBytesWith(first, key) < skip) {
      return entries.compareTo(first, key) < 0 ? length : 0
    }
    const prefix = wordAt(key.words, 0, key.size, skip)
    let low = 0
    let high = length
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = words[at + prefixesPlace + middle]!
      const isLower =
        other === prefix
          ? entries.compareTo(words[at + this.#entriesPlace + middle]!, key) < 0
          : other < prefix
      if (isLower) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Inserts an entry, whose key is `key`, before `place`. There is room. */
  insert(words: Int32Array, at: number, place: number, entry: number, key: KeyWords): void {
    const length = words[at]!
    const prefixesAt = at + prefixesPlace
    const entriesAt = at + this.#entriesPlace
    for (let i = length; i > place; i--) {
      words[prefixesAt + i] = words[prefixesAt + i - 1]!
      words[entriesAt + i] = words[entriesAt + i - 1]!
    }
    words[at] = length + 1
    words[entriesAt + place] = entry
    this.#setPrefix(words, at, place, key)
  }

  /** Adds an entry behind all others, to a list that {@link tighten} has not been called on. There is room. */
  append(words: Int32Array, at: number, entry: number): void {
    const length = words[at]!
    words[at] = length + 1
    words[at + this.#entriesPlace + length] = entry
    words[at + prefixesPlace + length] = this.#entries.wordAt(entry, words[at + skipPlace]!)
  }

  /** Puts an entry, whose key is `key`, in the place of another. */
  replace(words: Int32Array, at: number, place: number, entry: number, key: KeyWords): void {
    words[at + this.#entriesPlace + place] = entry
    this.#setPrefix(words, at, place, key)
  }

  remove(words: Int32Array, at: number, place: number): void {
    const length = words[at]! - 1
    const prefixesAt = at + prefixesPlace
    const entriesAt = at + this.#entriesPlace
    for (let i = place; i < length; i++) {
      words[prefixesAt + i] = words[prefixesAt + i + 1]!
      words[entriesAt + i] = words[entriesAt + i + 1]!
    }
    words[at] = length
  }

  /** Moves what stands from `place` on behind what another block holds. */
  moveTail(words: Int32Array, at: number, place: number, target: Int32Array, to: number): void {
    const length = words[at]!
    const moved = length - place
    const targetLength = target[to]!
    const from = at + this.#entriesPlace + place
    const prefixesFrom = at + prefixesPlace + place
    target.set(words.subarray(from, from + moved), to + this.#entriesPlace + targetLength)
    target.set(
      words.subarray(prefixesFrom, prefixesFrom + moved),
      to + prefixesPlace + targetLength,
    )
    target[to] = targetLength + moved
    words[at] = place
    if (targetLength === 0) target[to + skipPlace] = words[at + skipPlace]!
    this.tighten(target, to, targetLength === 0 ? slackBytesMax : -1)
    this.tighten(words, at)
  }

  /**
   * Makes the prefixes tell as much as they can, unless the keys share no more than `slack` bytes beyond those that are
   * skipped: to make them anew, every key has to be looked at.
   */
  tighten(words: Int32Array, at: number, slack: number = slackBytesMax): void {
    const length = words[at]!
    if (length === 0) return
    const entriesAt = at + this.#entriesPlace
    const first = words[entriesAt]!
    const last = words[entriesAt + length - 1]!
    const shared = length === 1 ? 0 : this.#entries.sharedBytes(first, last)
    const skip = words[at + skipPlace]!
    if (shared < skip || shared - skip > slack) this.#setSkip(words, at, shared)
  }

  #setPrefix(words: Int32Array, at: number, place: number, key: KeyWords): void {
    const skip = words[at + skipPlace]!
    if (skip > 0 && words[at]! > 1) {
      const neighbour = words[at + this.#entriesPlace + (place === 0 ? 1 : 0)]!
      const shared = this.#entries.sharedBytesWith(neighbour, key)
      if (shared < skip) {
        this.#setSkip(words, at, shared)
        return
      }
    }
    words[at + prefixesPlace + place] = wordAt(key.words, 0, key.size, skip)
  }

  #setSkip(words: Int32Array, at: number, skip: number): void {
    const length = words[at]!
    words[at + skipPlace] = skip
    for (let place = 0; place < length; place++) {
      const entry = words[at + this.#entriesPlace + place]!
      words[at + prefixesPlace + place] = this.#entries.wordAt(entry, skip)
    }
  }
}
