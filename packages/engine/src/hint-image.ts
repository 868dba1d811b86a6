/** Builds the entries of one file's hint from its records. */
import { crc32 } from './crc32.ts'
import { encodeHintEntry, type HintEntry, hintEntryBytes } from './hint.ts'
import { keyText, mapKey, textKey } from './key-text.ts'
import { type RecordKind, type RecordView, recordKind } from './record.ts'
import { sortInSlices } from './sort-in-slices.ts'

/** The encoded entries of a hint, sorted by key. */
export interface HintImage {
  readonly entries: Buffer
  readonly count: number
  readonly crc: number
}

interface NewestRecord {
  /** The key. */
  readonly text: string
  readonly kind: RecordKind
  readonly offset: number
  readonly size: number
  readonly index: number
  readonly expiresAt: number
}

const entriesPerSlice = 4_096

export class HintImageBuilder {
  readonly #newest = new Map<string, NewestRecord>()

  /** Takes in a record at byte `offset` of the file. Records of one file come in the order of their indices. */
  add(record: RecordView, offset: number): void {
    if (record.kind === recordKind.session) return
    const { kind, size, index, expiresAt } = record
    const text = keyText(record.key)
    this.#newest.set(mapKey(text), { text, kind, offset, size, index, expiresAt })
  }

  /** Sorts and encodes, in slices with `nextTurn` between them. */
  async build(nextTurn: () => Promise<void>): Promise<HintImage> {
    const texts = await sortInSlices(
      Array.from(this.#newest.values(), ({ text }) => text),
      nextTurn,
    )
    const encoder = new HintImageEncoder()
    for (const [place, text] of texts.entries()) {
      encoder.add({ key: textKey(text), ...this.#newest.get(mapKey(text))! })
      if (place % entriesPerSlice === entriesPerSlice - 1) await nextTurn()
    }
    return encoder.finish()
  }
}

/** Encodes entries that come sorted by key, one a key. */
export class HintImageEncoder {
  #bytes: Buffer = Buffer.alloc(64 * 1024)
  #end = 0
  #count = 0

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
    const larger = Buffer.alloc(Math.max(bytesMin, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
