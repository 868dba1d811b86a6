import { Entries } from './entries.ts'
import { HashIndexView, type SharedHashIndex } from './hash-index-view.ts'
import { HalfSipHash, type KeyHash } from './key-hash.ts'
import { KeyWords } from './key-words.ts'
import { WordMemory } from './word-memory.ts'

/** A keydir in memory that threads share, as it was when it was shared. Can be sent to a worker thread. */
export interface SharedKeydir {
  readonly secret: Uint8Array
  readonly hash: SharedHashIndex
  readonly entries: readonly SharedArrayBuffer[]
}

/** What {@link KeydirView.currentIndex} says of a key that is not there. */
export const noIndex = 0

/** Reads a keydir in place while its owner, perhaps on another thread, goes on changing it. */
export class KeydirView {
  readonly #hash: KeyHash
  readonly #index: HashIndexView
  readonly #entries: Entries
  readonly #key = new KeyWords()
  readonly #location = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }

  constructor(shared: SharedKeydir) {
    this.#hash = new HalfSipHash(shared.secret)
    this.#index = new HashIndexView(shared.hash)
    this.#entries = new Entries(new WordMemory(1, shared.entries))
  }

  /**
   * The index of a key's newest record at some moment of the call; {@link noIndex} when there was none;
   * undefined when that cannot be told, as no stable view was to be had.
   */
  currentIndex(key: Uint8Array): number | undefined {
    const words = this.#key
    const entries = this.#entries
    words.load(key, 0, key.length)
    const hash = this.#hash.hash(words.words, 0, words.size)
    const found = this.#index.find(hash, noIndex, (entry) => {
      if (!entries.isHere(entry)) return unknown
      if (!entries.isKey(entry, words)) return undefined
      entries.readLocation(entry, this.#location)
      return this.#location.index
    })
    return found === unknown ? undefined : found
  }
}

const unknown = -1
