/**
 * Frame: the unit of appending, syncing, shipping and truncating in a log segment: one or more records
 * that become durable together. Little-endian.
 *
 * | offset | size | field                                                                        |
 * |--------|------|------------------------------------------------------------------------------|
 * | 0      | 4    | crc32 of bytes [4, length)                                                   |
 * | 4      | 4    | length of the whole frame                                                    |
 * | 8      | 4    | chain before this frame                                                      |
 * | 12     | 1    | format version                                                               |
 * | 13     | 1    | kind: 1 data, 2 no-op, 3 membership, 4 state check                           |
 * | 14     | 2    | recordCount; 1 for kinds 2-4, which hold an opaque body instead of records   |
 * | 16     | 8    | firstIndex; the frame covers [firstIndex, firstIndex + recordCount)          |
 * | 24     | 8    | term (embedded use: 0)                                                       |
 * | 32     | 8    | timestamp, ms since the epoch                                                |
 * | 40     |      | records                                                                      |
 *
 * A frame is good if its CRC, length, version and kind are, and it continues the one before: first index,
 * chain, a term that is not lower. So zeros and stale bytes end a scan even where a CRC fits.
 */
import { crc32 } from './crc32.ts'
import { formatVersion } from './format-version.ts'
import { readU64, writeU64 } from './u64.ts'

export const frameHeaderBytes = 40

/** A frame closes at this size or this many records; only a single larger batch or value makes a larger one. */
export const frameBytesTarget: number = 1024 * 1024
export const frameRecordsTarget = 1_024
export const frameRecordsLimit = 0xffff

export const frameKind = { data: 1, noOp: 2, membership: 3, stateCheck: 4 } as const
export type FrameKind = (typeof frameKind)[keyof typeof frameKind]

/** Where the history stands at a frame boundary. */
export interface LogPosition {
  /** Index of the next record. */
  readonly index: number
  readonly term: number
  /** Rolling hash of all frames before. */
  readonly chain: number
}

/** Before the first frame of all. */
export const logOrigin: LogPosition = { index: 1, term: 0, chain: 0 }

/**
 * Completes the frame whose records stand in `target[start + frameHeaderBytes, end)`. Returns its CRC, from
 * which the next frame's chain follows.
 */
export function sealFrame(
  target: Buffer,
  start: number,
  end: number,
  recordCount: number,
  position: LogPosition,
  timestamp: number,
): number {
  target.writeUInt32LE(end - start, start + 4)
  target.writeUInt32LE(position.chain, start + 8)
  target[start + 12] = formatVersion
  target[start + 13] = frameKind.data
  target.writeUInt16LE(recordCount, start + 14)
  writeU64(target, position.index, start + 16)
  writeU64(target, position.term, start + 24)
  writeU64(target, timestamp, start + 32)
  const crc = crc32(target, start + 4, end)
  target.writeUInt32LE(crc, start)
  return crc
}

/** The length a frame at `at` claims, or undefined when fewer than 8 bytes or an impossible length stand there. */
export function claimedFrameBytes(bytes: Buffer, at: number, limit: number): number | undefined {
  if (limit - at < 8) return undefined
  const length = bytes.readUInt32LE(at + 4)
  return length < frameHeaderBytes ? undefined : length
}

/** A window on one encoded frame, reused from frame to frame. */
export class FrameView {
  crc = 0
  length = 0
  kind: FrameKind = frameKind.data
  recordCount = 0
  firstIndex = 0
  term = 0
  timestamp = 0

  /** Points at the frame that starts at `at`. False unless it is whole, undamaged and continues `position`. */
  read(bytes: Buffer, at: number, limit: number, position: LogPosition): boolean {
    const length = claimedFrameBytes(bytes, at, limit)
    if (length === undefined || at + length > limit) return false
    const kind = bytes[at + 13]!
    this.crc = bytes.readUInt32LE(at)
    this.recordCount = bytes.readUInt16LE(at + 14)
    this.firstIndex = readU64(bytes, at + 16)
    this.term = readU64(bytes, at + 24)
    this.timestamp = readU64(bytes, at + 32)
    if (bytes[at + 12] !== formatVersion) return false
    if (kind < frameKind.data || kind > frameKind.stateCheck) return false
    if (this.recordCount === 0 || (kind !== frameKind.data && this.recordCount !== 1)) return false
    if (this.firstIndex !== position.index || this.term < position.term) return false
    if (bytes.readUInt32LE(at + 8) !== position.chain || this.timestamp < 0) return false
    if (crc32(bytes, at + 4, at + length) !== this.crc) return false
    this.kind = kind as FrameKind
    this.length = length
    return true
  }
}
