import type { HintEntry } from './hint.ts'
import type { KeyList } from './key-sort.ts'
import type { RecordKind, RecordView } from './record.ts'

/** What hints say of many records, field by field: 29 bytes a record, and its key. */
export class RecordColumns implements KeyList {
  readonly bytes: Buffer
  readonly starts: Uint32Array
  count = 0
  readonly #kinds: Uint8Array
  readonly #offsets: Uint32Array
  readonly #sizes: Uint32Array
  readonly #indices: Float64Array
  readonly #expiries: Float64Array

  /** Room for so many records, and so many bytes of their keys. */
  constructor(records: number, keyBytes: number) {
    this.bytes = Buffer.allocUnsafeSlow(keyBytes)
    this.starts = new Uint32Array(records + 1)
    this.#kinds = new Uint8Array(records)
    this.#offsets = new Uint32Array(records)
    this.#sizes = new Uint32Array(records)
    this.#indices = new Float64Array(records)
    this.#expiries = new Float64Array(records)
  }

  get keyBytes(): number {
    return this.starts[this.count]!
  }

  /** Whether another record fits in, with a key of so many bytes. */
  hasRoom(keyBytes: number): boolean {
    return this.count < this.#kinds.length && this.keyBytes + keyBytes <= this.bytes.length
  }

  add(record: RecordView, offset: number): void {
    const { source, keyStart, valueStart } = record
    const at = this.count++
    let end = this.starts[at]!
    for (let from = keyStart; from < valueStart; from++) this.bytes[end++] = source[from]!
    this.starts[at + 1] = end
    this.#kinds[at] = record.kind
    this.#offsets[at] = offset
    this.#sizes[at] = record.size
    this.#indices[at] = record.index
    this.#expiries[at] = record.expiresAt
  }

  /** Its key is a view. */
  entry(at: number): HintEntry {
    return {
      kind: this.#kinds[at] as RecordKind,
      key: this.bytes.subarray(this.starts[at], this.starts[at + 1]),
      offset: this.#offsets[at]!,
      size: this.#sizes[at]!,
      index: this.#indices[at]!,
      expiresAt: this.#expiries[at]!,
    }
  }

  isSameKey(a: number, b: number): boolean {
    const [startOfA, startOfB] = [this.starts[a]!, this.starts[b]!]
    const length = this.starts[a + 1]! - startOfA
    if (this.starts[b + 1]! - startOfB !== length) return false
    for (let at = 0; at < length; at++) {
      if (this.bytes[startOfA + at] !== this.bytes[startOfB + at]) return false
    }
    return true
  }

  clear(): void {
    this.count = 0
  }

  /** The same with twice the room, and room for a key of so many bytes. */
  grown(keyBytes: number): RecordColumns {
    const larger = new RecordColumns(2 * this.#kinds.length, 2 * this.bytes.length + keyBytes)
    larger.bytes.set(this.bytes)
    larger.starts.set(this.starts)
    larger.#kinds.set(this.#kinds)
    larger.#offsets.set(this.#offsets)
    larger.#sizes.set(this.#sizes)
    larger.#indices.set(this.#indices)
    larger.#expiries.set(this.#expiries)
    larger.count = this.count
    return larger
  }

  /** With the same room, and some of the records only. */
  only(records: Iterable<number>): RecordColumns {
    const some = new RecordColumns(this.#kinds.length, this.bytes.length)
    for (const from of records) {
      const at = some.count++
      const copied = this.bytes.copy(
        some.bytes,
        some.starts[at],
        this.starts[from],
        this.starts[from + 1],
      )
      some.starts[at + 1] = some.starts[at]! + copied
      some.#kinds[at] = this.#kinds[from]!
      some.#offsets[at] = this.#offsets[from]!
      some.#sizes[at] = this.#sizes[from]!
      some.#indices[at] = this.#indices[from]!
      some.#expiries[at] = this.#expiries[from]!
    }
    return some
  }
}
