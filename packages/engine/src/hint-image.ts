/** Builds the entries of one file's hint from its records. */
import { crc32 } from './crc32.ts'
import { encodeHintEntry, type HintEntry, hintEntryBytes } from './hint.ts'
import { Keydir } from './keydir/keydir.ts'
import { type RecordKind, type RecordView, recordKind } from './record.ts'

/** The encoded entries of a hint, sorted by key. */
export interface HintImage {
  readonly entries: Buffer
  readonly count: number
  readonly crc: number
}

const entriesPerSlice = 4_096

export class HintImageBuilder {
  /** The newest record of each key, its kind in the place of a slot. */
  readonly #newest = new Keydir()
  readonly #location = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }

  /** Takes in a record at byte `offset` of the file. Records of one file come in the order of their indices. */
  add(record: RecordView, offset: number): void {
    if (record.kind === recordKind.session) return
    const location = this.#location
    location.slot = record.kind
    location.offset = offset
    location.size = record.size
    location.index = record.index
    location.expiresAt = record.expiresAt
    this.#newest.set(record.source, record.keyStart, record.valueStart, location)
  }

  /** Sorts and encodes, in slices with `nextTurn` between them. */
  async build(nextTurn: () => Promise<void>): Promise<HintImage> {
    const newest = this.#newest
    for (; newest.waiting > 0; await nextTurn()) newest.settle(entriesPerSlice)
    const encoder = new HintImageEncoder()
    for (let from: Buffer | undefined; ; await nextTurn()) {
      const before = encoder.count
      newest.scan(from === undefined ? {} : { gt: from }, false, (key, location) => {
        from = key
        encoder.add({ ...location, kind: location.slot as RecordKind, key })
        return encoder.count - before < entriesPerSlice
      })
      if (encoder.count - before < entriesPerSlice) return encoder.finish()
    }
  }
}

/** Encodes entries that come sorted by key, one a key. */
export class HintImageEncoder {
  #bytes: Buffer = Buffer.alloc(64 * 1024)
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
    const larger = Buffer.alloc(Math.max(bytesMin, this.#bytes.length * 2))
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}
