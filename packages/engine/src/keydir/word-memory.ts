import { assert } from '../assert.ts'
import type { ImagePart, ImageParts } from './keydir-image.ts'

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

/** What a memory knows beside its words. */
export interface WordMemoryState {
  readonly chunks: number
  readonly usedWords: number
  readonly freeWords: number
  readonly chunk: number
  readonly nextPlace: number
  /** Sizes of blocks, and the first free block of each. */
  readonly free: readonly (readonly [words: number, address: number])[]
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
  /** The chunk that blocks are taken from. */
  #chunk = -1
  #chunkWords = 0
  #nextPlace = 0

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
    const address = (this.#chunk << chunkBits) | this.#nextPlace
    this.#nextPlace += words
    return address
  }

  /** Gives back a block of `words` words. */
  free(address: number, words: number): void {
    this.#usedWords -= words
    this.#keepFree(address, words)
  }

  /** Takes all blocks back at once, and keeps the chunks. */
  clear(): void {
    this.#free.fill(0)
    this.#freeWords = 0
    this.#usedWords = 0
    this.#chunk = -1
    this.#chunkWords = 0
    this.#nextPlace = 0
  }

  /** What {@link restore} wants, beside {@link parts}. */
  get state(): WordMemoryState {
    const free: [number, number][] = []
    for (const [words, address] of this.#free.entries()) {
      if (address !== 0) free.push([words, address])
    }
    return {
      chunks: this.chunks.length,
      usedWords: this.#usedWords,
      freeWords: this.#freeWords,
      chunk: this.#chunk,
      nextPlace: this.#nextPlace,
      free,
    }
  }

  /** The words that hold anything. */
  get parts(): ImagePart[] {
    return this.chunks.map((words, chunk) => {
      const end = chunk < this.#chunk ? words.length : chunk > this.#chunk ? 0 : this.#nextPlace
      return { words: words.subarray(0, end), capacity: words.length }
    })
  }

  /** Becomes, still empty, the memory that an image was made of. */
  restore(state: WordMemoryState, parts: ImageParts): void {
    this.chunks.push(...parts.take(state.chunks))
    this.#usedWords = state.usedWords
    this.#freeWords = state.freeWords
    this.#chunk = state.chunk
    this.#chunkWords = this.chunks[state.chunk]?.length ?? 0
    this.#nextPlace = state.nextPlace
    for (const [words, address] of state.free) this.#free[words] = address
  }

  #keepFree(address: number, words: number): void {
    this.#freeWords += words
    this.chunks[chunkOf(address)]![placeOf(address)] = this.#free[words]!
    this.#free[words] = address
  }

  /** Begins a chunk with room for a block of `words` words. */
  #beginChunk(words: number): void {
    const rest = this.#chunkWords - this.#nextPlace
    if (rest > 0) this.#keepFree((this.#chunk << chunkBits) | this.#nextPlace, rest)
    const wordsBefore = this.#chunkWords
    do {
      this.#chunk++
      // Address 0 is none.
      this.#nextPlace = this.#chunk === 0 ? 1 : 0
      this.#chunkWords =
        this.chunks[this.#chunk]?.length ?? this.#createChunk(wordsBefore, words + this.#nextPlace)
    } while (this.#nextPlace + words > this.#chunkWords)
  }

  /** Returns the length of the new chunk. */
  #createChunk(wordsBefore: number, wordsMin: number): number {
    assert(this.chunks.length < chunksMax, 'the keydir has room in its address space')
    const wanted = Math.max(wordsBefore * 2, firstChunkWords, wordsMin)
    const words = Math.min(wanted, chunkWordsMax)
    this.chunks.push(new Int32Array(new SharedArrayBuffer(words * 4)))
    return words
  }
}
