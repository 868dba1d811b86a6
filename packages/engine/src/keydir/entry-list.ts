/**
 * A sorted list of entries in a block of words, made for searches that do not touch the entries: beside each
 * stand four bytes of its key, from the first byte on that is not the same in all of them (the "poor man's
 * normalized keys" of Graefe, "Modern B-Tree Techniques", 2011, section 3.5, behind a truncated prefix).
 *
 * | word               | what                                                    |
 * |--------------------|---------------------------------------------------------|
 * | 0                  | length of the list                                      |
 * | 1                  | skip: leading bytes of the keys that stand for nothing   |
 * | 2..                | for each entry, four bytes of its key from `skip` on     |
 * | 2 + capacity..     | the entries                                             |
 */
import type { Entries } from './entries.ts'
import { type KeyWords, wordAt } from './key-words.ts'

const skipPlace = 1
const prefixesPlace = 2

/** Words of a block that holds `capacity` entries. */
export function listWords(capacity: number): number {
  return prefixesPlace + 2 * capacity
}

/** What can be done with blocks of one capacity. A block is named by its words and its place in them. */
export class EntryLists {
  readonly capacity: number
  readonly #entries: Entries
  readonly #entriesPlace: number

  constructor(entries: Entries, capacity: number) {
    this.#entries = entries
    this.capacity = capacity
    this.#entriesPlace = prefixesPlace + capacity
  }

  clear(words: Int32Array, at: number): void {
    words[at] = 0
    words[at + skipPlace] = 0
  }

  length(words: Int32Array, at: number): number {
    return words[at]!
  }

  entry(words: Int32Array, at: number, place: number): number {
    return words[at + this.#entriesPlace + place]!
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
    target.set(words.subarray(from, from + moved), to + this.#entriesPlace + targetLength)
    target[to] = targetLength + moved
    words[at] = place
    this.tighten(target, to)
    this.tighten(words, at)
  }

  /** Makes the prefixes tell as much as they can. */
  tighten(words: Int32Array, at: number): void {
    const length = words[at]!
    if (length === 0) return
    const entriesAt = at + this.#entriesPlace
    const first = words[entriesAt]!
    const last = words[entriesAt + length - 1]!
    this.#setSkip(words, at, length === 1 ? 0 : this.#entries.sharedBytes(first, last))
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
