/**
 * Record: one put, one tombstone or one session record. The same bytes in log segments, in merge outputs
 * and between nodes. Little-endian.
 *
 * | offset | size | field                                                                      |
 * |--------|------|----------------------------------------------------------------------------|
 * | 0      | 4    | crc32 of bytes [4, end)                                                    |
 * | 4      | 1    | kind: 1 put, 2 tombstone, 3 session; never inferred from the value         |
 * | 5      | 1    | flags: 1 = an expiry follows the header                                    |
 * | 6      | 2    | keySize                                                                    |
 * | 8      | 4    | valueSize                                                                  |
 * | 12     | 8    | index: the frame's first index + place in the frame; the record's version  |
 * | 20     | 8    | timestamp, ms since the epoch; never goes back                             |
 * | 28     | 0/8  | expiresAt, ms since the epoch                                              |
 * | ..     |      | key, then value                                                            |
 *
 * A record with an unknown kind or flag, a length that leaves its container or a wrong CRC is damage.
 */
import { crc32 } from './crc32.ts'
import { readU64, writeU64 } from './u64.ts'

export const recordHeaderBytes = 28
export const expiryBytes = 8
export const keyBytesLimit = 0xffff

export const recordKind = { put: 1, tombstone: 2, session: 3 } as const
export type RecordKind = (typeof recordKind)[keyof typeof recordKind]

const flagExpiry = 1

/** `expiresAt` of a record that never expires. */
export const neverExpires = 0

/** Length in bytes of a record. */
export function recordBytes(
  keySize: number,
  valueSize: number,
  expiresAt: number = neverExpires,
): number {
  const headerBytes = recordHeaderBytes + (expiresAt === neverExpires ? 0 : expiryBytes)
  return headerBytes + keySize + valueSize
}

/** Writes a record to `target` at `at`, which has room for it. Returns its end. */
export function encodeRecord(
  target: Buffer,
  at: number,
  kind: RecordKind,
  index: number,
  timestamp: number,
  key: Uint8Array,
  value: Uint8Array,
  expiresAt: number = neverExpires,
): number {
  const expires = expiresAt !== neverExpires
  target[at + 4] = kind
  target[at + 5] = expires ? flagExpiry : 0
  target.writeUInt16LE(key.length, at + 6)
  target.writeUInt32LE(value.length, at + 8)
  writeU64(target, index, at + 12)
  writeU64(target, timestamp, at + 20)
  if (expires) writeU64(target, expiresAt, at + recordHeaderBytes)
  const keyStart = at + recordHeaderBytes + (expires ? expiryBytes : 0)
  const valueStart = keyStart + key.length
  target.set(key, keyStart)
  target.set(value, valueStart)
  const end = valueStart + value.length
  target.writeUInt32LE(crc32(target, at + 4, end), at)
  return end
}

/**
 * A window on one encoded record. Reused from record to record, so that walking a file allocates nothing;
 * `key` and `value` are views into the bytes walked.
 */
export class RecordView {
  kind: RecordKind = recordKind.put
  flags = 0
  crc = 0
  index = 0
  timestamp = 0
  /** ms since the epoch, or {@link neverExpires}. */
  expiresAt: number = neverExpires
  start = 0
  keyStart = 0
  valueStart = 0
  end = 0
  #bytes: Buffer = Buffer.alloc(0)

  /** What the record stands in; `start`, `keyStart`, `valueStart` and `end` are places in it. */
  get source(): Buffer {
    return this.#bytes
  }

  get key(): Buffer {
    return this.#bytes.subarray(this.keyStart, this.valueStart)
  }

  get value(): Buffer {
    return this.#bytes.subarray(this.valueStart, this.end)
  }

  /** The record as it is encoded. */
  get bytes(): Buffer {
    return this.#bytes.subarray(this.start, this.end)
  }

  /** Length of the whole record in bytes. */
  get size(): number {
    return this.end - this.start
  }

  /**
   * Points at the record that starts at `at` and ends no later than `limit`. False when the fields make no
   * record. Does not sum the bytes: for records whose frame's CRC is known to be good.
   */
  read(bytes: Buffer, at: number, limit: number): boolean {
    if (limit - at < recordHeaderBytes) return false
    const kind = bytes[at + 4]!
    const flags = bytes[at + 5]!
    if (kind < recordKind.put || kind > recordKind.session || flags > flagExpiry) return false
    const headerEnd = at + recordHeaderBytes + (flags === flagExpiry ? expiryBytes : 0)
    if (headerEnd > limit) return false
    const valueStart = headerEnd + bytes.readUInt16LE(at + 6)
    const end = valueStart + bytes.readUInt32LE(at + 8)
    if (end > limit) return false
    this.index = readU64(bytes, at + 12)
    this.timestamp = readU64(bytes, at + 20)
    this.expiresAt = flags === flagExpiry ? readU64(bytes, at + recordHeaderBytes) : neverExpires
    if (this.index < 1 || this.timestamp < 0 || this.expiresAt < 0) return false
    this.#bytes = bytes
    this.kind = kind as RecordKind
    this.flags = flags
    this.crc = bytes.readUInt32LE(at)
    this.start = at
    this.keyStart = headerEnd
    this.valueStart = valueStart
    this.end = end
    return true
  }

  /** As {@link read}, and the CRC is right too. */
  readChecked(bytes: Buffer, at: number, limit: number): boolean {
    return this.read(bytes, at, limit) && crc32(bytes, at + 4, this.end) === this.crc
  }
}
