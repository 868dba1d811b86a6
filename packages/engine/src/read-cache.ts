/**
 * Copies of blocks of data files that were read lately: a record inside one costs no system call, which is most of
 * what a read from the page cache costs. Bounded; as much memory as was filled.
 *
 * Set-associative: a block may lie in one of `ways` frames, which its file and place decide. Among them the first
 * one that was not used since the hand last passed makes room ("clock", Corbató, 1968).
 */
const blockBits = 12
export const blockBytes: number = 1 << blockBits
const ways = 8
/** Longer records are read past the cache: for them the call is not what counts. */
export const cachedRecordBytesMax: number = blockBytes / 2
/** Frames whose memory is taken at once: 1 MiB. */
const chunkFrames = 256
/** One in so many records that are not here brings its block: what is read once only should cost little. */
const missesPerFill = 4

/** The cache of blocks of data files. Sizes in bytes; counters since the store was opened. */
export interface ReadCacheStats {
  /** What it may take; the store's option `cacheBytesMax`, in whole blocks. */
  readonly bytesMax: number
  /** Of the blocks that are here. */
  readonly bytes: number
  /** Records that were found in it. */
  readonly hits: number
  /** Records that were looked for in vain. */
  readonly misses: number
}

/** A block is named by the number of its file, which no other file ever has, and its place in it. */
export class ReadCache {
  readonly #frames: number
  readonly #sets: number
  readonly #files: Int32Array
  readonly #blocks: Int32Array
  readonly #used: Uint8Array
  readonly #hands: Uint8Array
  readonly #chunks: (Buffer | undefined)[] = []
  #filled = 0
  #hits = 0
  #misses = 0

  /** Holds up to `bytesMax` bytes, in whole sets. */
  constructor(bytesMax: number) {
    this.#sets = Math.floor(bytesMax / (ways * blockBytes))
    this.#frames = this.#sets * ways
    this.#files = new Int32Array(this.#frames)
    this.#blocks = new Int32Array(this.#frames)
    this.#used = new Uint8Array(this.#frames)
    this.#hands = new Uint8Array(this.#sets)
  }

  get stats(): ReadCacheStats {
    return {
      bytesMax: this.#frames * blockBytes,
      bytes: this.#filled * blockBytes,
      hits: this.#hits,
      misses: this.#misses,
    }
  }

  /**
   * A copy of `size` bytes at `offset` of a file, in memory of its own or at the start of `lent`; undefined when they are
   * not here. File numbers start at 1.
   */
  copy(file: number, offset: number, size: number, lent?: Buffer): Buffer | undefined {
    if (this.#filled === 0 || size > cachedRecordBytesMax) return undefined
    const block = offset >>> blockBits
    const first = this.#frameOf(file, block)
    const isSplit = (offset + size - 1) >>> blockBits !== block
    const second = isSplit && first !== -1 ? this.#frameOf(file, block + 1) : first
    if (first === -1 || second === -1) {
      this.#misses++
      return undefined
    }
    this.#hits++
    this.#used[first] = 1
    this.#used[second] = 1
    const target = lent ?? Buffer.allocUnsafe(size)
    const inBlock = offset & (blockBytes - 1)
    const inFirst = Math.min(size, blockBytes - inBlock)
    const start = placeOf(first) + inBlock
    this.#chunkOf(first).copy(target, 0, start, start + inFirst)
    if (isSplit) {
      const rest = placeOf(second)
      this.#chunkOf(second).copy(target, inFirst, rest, rest + size - inFirst)
    }
    return target
  }

  /** Whether a record of `size` bytes that was not found should bring its blocks. */
  wants(size: number): boolean {
    return (
      this.#frames > 0 &&
      size <= cachedRecordBytesMax &&
      (this.#filled === 0 || this.#misses % missesPerFill === 0)
    )
  }

  /** Takes in the blocks that `bytes` holds, the first of which starts at `offset` of the file. */
  fill(file: number, offset: number, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += blockBytes) {
      const block = (offset + at) >>> blockBits
      const frame = this.#frameOf(file, block)
      const target = frame === -1 ? this.#freeFrame(file, block) : frame
      const chunk = this.#chunkOf(target)
      const place = placeOf(target)
      chunk.set(bytes.subarray(at, at + blockBytes), place)
      // Behind the end of a file nothing may stand that was a record once.
      chunk.fill(0, Math.min(place + bytes.length - at, place + blockBytes), place + blockBytes)
    }
  }

  #chunkOf(frame: number): Buffer {
    const chunk = Math.floor(frame / chunkFrames)
    const frames = Math.min(chunkFrames, this.#frames - chunk * chunkFrames)
    return (this.#chunks[chunk] ??= Buffer.allocUnsafeSlow(frames * blockBytes))
  }

  #setOf(file: number, block: number): number {
    let hash = Math.imul(file, 0x9e37_79b1) ^ Math.imul(block, 0x85eb_ca6b)
    hash ^= hash >>> 15
    return ((hash >>> 0) % this.#sets) * ways
  }

  #frameOf(file: number, block: number): number {
    const set = this.#setOf(file, block)
    for (let frame = set; frame < set + ways; frame++) {
      if (this.#blocks[frame] === block && this.#files[frame] === file) return frame
    }
    return -1
  }

  #freeFrame(file: number, block: number): number {
    const set = this.#setOf(file, block)
    let hand = this.#hands[set / ways]!
    while (this.#used[set + hand] === 1) {
      this.#used[set + hand] = 0
      hand = (hand + 1) % ways
    }
    const frame = set + hand
    this.#hands[set / ways] = (hand + 1) % ways
    if (this.#files[frame] === 0) this.#filled++
    this.#files[frame] = file
    this.#blocks[frame] = block
    return frame
  }
}

/** Where a frame starts in its chunk. */
function placeOf(frame: number): number {
  return (frame % chunkFrames) * blockBytes
}
