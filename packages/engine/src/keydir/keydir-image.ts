import type { WordMemoryState } from './word-memory.ts'

/**
 * A keydir as bytes: words in shared memory, to be written and read as they are, and a few numbers. It can be
 * restored by the program version that made it.
 */
export interface KeydirImage {
  readonly state: KeydirState
  readonly parts: readonly ImagePart[]
}

/** Words that belong together, and how many there are to be in memory: the rest of them is zero, for what comes. */
export interface ImagePart {
  readonly words: Int32Array<SharedArrayBuffer>
  readonly capacity: number
}

/** All of it is plain JSON. */
export interface KeydirState {
  readonly keys: number
  readonly expiring: number
  /** Of the hash, in hex. */
  readonly secret: string
  readonly entries: WordMemoryState
  readonly hash: HashIndexState
  readonly order: KeyOrderState
}

export interface HashIndexState {
  readonly depth: number
  readonly segments: number
  readonly memory: WordMemoryState
}

export interface KeyOrderState {
  readonly branches: number
  readonly memory: WordMemoryState
}

/** The parts of an image that was read, one after the other as they were written. */
export class ImageParts {
  readonly #parts: readonly Int32Array<SharedArrayBuffer>[]
  #next = 0

  constructor(parts: readonly Int32Array<SharedArrayBuffer>[]) {
    this.#parts = parts
  }

  take(count: number): Int32Array<SharedArrayBuffer>[] {
    this.#next += count
    return this.#parts.slice(this.#next - count, this.#next)
  }
}
