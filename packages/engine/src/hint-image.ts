/** The entries of one file's hint in memory. */
import { crc32 } from './crc32.ts'
import { encodeHintEntry, type HintEntry, hintEntryBytes } from './hint.ts'

/** The encoded entries of a hint, sorted by key. */
export interface HintImage {
  readonly entries: Buffer
  readonly count: number
  readonly crc: number
}

/** Encodes entries that come sorted by key, one a key. */
export class HintImageEncoder {
  #bytes: Buffer = Buffer.allocUnsafeSlow(4 * 1024)
  #end = 0
  #count = 0

  get count(): number {
    return this.#count
  }

  add(entry: HintEntry): void {
    const end = this.#end + hintEntryBytes(entry)
    if (end > this.#bytes.length) this.#grow(end)
    this.#end = encodeHintEntry(this.#bytes, this.#end, entry)
    this.#count++
  }

  finish(): HintImage {
    const entries = this.#bytes.subarray(0, this.#end)
    return { entries, count: this.#count, crc: crc32(entries, 0, entries.length) }
  }

  #grow(bytesMin: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(bytesMin, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
