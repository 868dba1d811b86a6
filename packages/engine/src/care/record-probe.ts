import { expiryBytes, RecordView, recordHeaderBytes } from '../record.ts'
import type { CareReader } from './care-reader.ts'

/** Records up to this size are looked at in one go. */
const wholeBytesMax = 64 * 1024

/** Looks for a good record at a place of a file. */
export class RecordProbe {
  readonly #reader: CareReader
  /** The one that was found; its bytes hold the header and the key. Good until the next look, or the next read of the file. */
  readonly record: RecordView = new RecordView()

  constructor(reader: CareReader) {
    this.#reader = reader
  }

  /** Whether one stands at `at` that ends no later than `limit`. Undefined when its bytes are not at hand. */
  lookNow(at: number, limit: number): boolean | undefined {
    const head = this.#reader.viewNow(at, Math.min(recordHeaderBytes + expiryBytes, limit - at))
    if (head === undefined) return undefined
    const { record } = this
    if (!record.read(head, 0, limit - at)) return false
    const { size } = record
    if (size > wholeBytesMax) return undefined
    const whole = this.#reader.viewNow(at, size)
    return whole === undefined ? undefined : record.readChecked(whole, 0, whole.length)
  }

  /** As {@link lookNow}, after a read where one is needed. */
  async look(at: number, limit: number): Promise<boolean> {
    const { record } = this
    const reader = this.#reader
    const head = await reader.view(at, Math.min(recordHeaderBytes + expiryBytes, limit - at))
    if (!record.read(head, 0, limit - at)) return false
    const { size, valueStart, crc } = record
    if (size <= wholeBytesMax) {
      const whole = await reader.view(at, size)
      return record.readChecked(whole, 0, whole.length)
    }
    if ((await reader.crc(at + 4, at + size)) !== crc) return false
    return record.read(await reader.view(at, valueStart), 0, limit - at)
  }

  /** The length that a record at `at` claims, whether it is good or not; undefined when no header fits there. */
  async claimedBytes(at: number, limit: number): Promise<number | undefined> {
    if (limit - at < recordHeaderBytes) return undefined
    const head = await this.#reader.view(at, recordHeaderBytes)
    if (head.length < recordHeaderBytes) return undefined
    const expiry = head[5] === 1 ? expiryBytes : 0
    const size = recordHeaderBytes + expiry + head.readUInt16LE(6) + head.readUInt32LE(8)
    return at + size > limit ? undefined : size
  }
}
