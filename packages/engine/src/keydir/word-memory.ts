import { assert } from '../assert.ts'

const chunkBits = 22
/** Words in one chunk at most: 16 MiB. */
export const chunkWordsMax: number = 1 << chunkBits
const chunkMask = chunkWordsMax - 1
/** Words in the first chunk. Each one has twice as many as that before: a small store takes little memory. */
const firstChunkWords = 1 << 14
/** Words that an address can tell apart: 16 GiB. */
const chunksMax = 2 ** (32 - chunkBits)

/** The chunk an address lies in, and its place there. */
export function chunkOf(address: number): number {
  return address >>> chunkBits
}

export function placeOf(address: number): number {
  return address & chunkMask
}

/**
 * Memory outside the JavaScript heap, in words of 32 bits. It grows by chunks that never move and are never
 * copied; worker threads can read them in place. An address is the number of a word, as a signed 32-bit
 * integer; 0 is none. A block never crosses a chunk. Freed blocks are used again for blocks of their size.
 */
export class WordMemory {
  /** The chunks so far. */
  readonly chunks: Int32Array<SharedArrayBuffer>[]
  /** By size in words: the first of the free blocks, each of which names the next in its first word. */
  readonly #free: Int32Array
  /** The words in use and free, in chunks that have been begun. */
  #freeWords = 0
  #usedWords = 0
  #nextPlace = 0
  /** Length of the last chunk. */
  #chunkWords = 0

  /** For blocks of up to `blockWordsMax` words. `chunks` are those of another thread's memory, to be read only. */
  constructor(blockWordsMax: number, chunks: readonly SharedArrayBuffer[] = []) {
    assert(blockWordsMax < chunkWordsMax, 'a block fits into a chunk')
    this.chunks = chunks.map((buffer) => new Int32Array(buffer))
    this.#free = new Int32Array(blockWordsMax + 1)
  }

  /** Words of the blocks handed out. */
  get usedWords(): number {
    return this.#usedWords
  }

  /** Words of the blocks given back and not in use again. */
  get freeWords(): number {
    return this.#freeWords
  }

  /** A block of `words` words, at least 1. What it holds is anything. */
  allocate(words: number): number {
    this.#usedWords += words
    const free = this.#free[words]!
    if (free !== 0) {
      this.#free[words] = this.chunks[chunkOf(free)]![placeOf(free)]!
      this.#freeWords -= words
      return free
    }
    if (this.#nextPlace + words > this.#chunkWords) this.#beginChunk(words)
    const address = ((this.chunks.length - 1) << chunkBits) | this.#nextPlace
    this.#nextPlace += words
    return address
  }

  /** Gives back a block of `words` words. */
  free(address: number, words: number): void {
    this.#usedWords -= words
    this.#keepFree(address, words)
  }

  #keepFree(address: number, words: number): void {
    this.#freeWords += words
    this.chunks[chunkOf(address)]![placeOf(address)] = this.#free[words]!
    this.#free[words] = address
  }

  /** Begins a chunk with room for a block of `words` words. */
  #beginChunk(words: number): void {
    assert(this.chunks.length < chunksMax, 'the keydir has room in its address space')
    const rest = this.#chunkWords - this.#nextPlace
    if (rest > 0) this.#keepFree(((this.chunks.length - 1) << chunkBits) | this.#nextPlace, rest)
    // Address 0 is none.
    this.#nextPlace = this.chunks.length === 0 ? 1 : 0
    const wanted = Math.max(this.#chunkWords * 2, firstChunkWords, words + this.#nextPlace)
    this.#chunkWords = Math.min(wanted, chunkWordsMax)
    this.chunks.push(new Int32Array(new SharedArrayBuffer(this.#chunkWords * 4)))
  }
}
