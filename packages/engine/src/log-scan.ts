/** Walks the frames of a log segment, from its header to the first bytes that do not continue it. */

import { chainAfter } from './crc32.ts'
import type { ReadableFile } from './file-system/file-system.ts'
import { FileWindow } from './file-window.ts'
import {
  claimedFrameBytes,
  type FrameKind,
  FrameView,
  frameHeaderBytes,
  frameKind,
  type LogPosition,
} from './frame.ts'
import { RecordView } from './record.ts'
import { segmentHeaderBytes } from './segment.ts'

/** Where a scan ended. */
export interface LogScanEnd {
  /** Byte offset behind the last good frame. */
  readonly offset: number
  /** Of the frame that would follow. */
  readonly position: LogPosition
  /** Records in the good frames. */
  readonly records: number
  /** Timestamp of the last good frame, or 0. */
  readonly timestamp: number
}

export interface LogScanVisitor {
  /** A record of a data frame, good until the call ends, at byte `offset` of the file. */
  record(record: RecordView, offset: number): void
  /** The byte offset and the chain before the first frame, and behind each good one. */
  boundary?(offset: number, chain: number): void
  /** A frame that holds no records of keys. */
  otherFrame?(kind: FrameKind): void
}

/**
 * Scans the frames in bytes [header, `bytes`) of a log segment that starts at `start`. Every frame is
 * checked as a whole before any of its records is visited.
 */
export async function scanLog(
  file: ReadableFile,
  bytes: number,
  start: LogPosition,
  visitor: LogScanVisitor,
): Promise<LogScanEnd> {
  const window = new FileWindow(file, bytes)
  const frame = new FrameView()
  let offset = segmentHeaderBytes
  let position = start
  let records = 0
  let timestamp = 0
  visitor.boundary?.(offset, position.chain)
  while (offset < bytes) {
    const head = await window.view(offset, frameHeaderBytes)
    const length = claimedFrameBytes(head, 0, head.length)
    if (length === undefined || offset + length > bytes) break
    const frameBytes = await window.view(offset, length)
    if (!frame.read(frameBytes, 0, frameBytes.length, position)) break
    if (!visitFrame(frame, frameBytes, offset, visitor)) break
    position = {
      index: frame.firstIndex + frame.recordCount,
      term: frame.term,
      chain: chainAfter(position.chain, frame.crc),
    }
    records += frame.recordCount
    timestamp = frame.timestamp
    offset += length
    visitor.boundary?.(offset, position.chain)
  }
  return { offset, position, records, timestamp }
}

/** False when a frame with a good CRC does not hold the records it says: then nothing of it was visited. */
function visitFrame(
  frame: FrameView,
  bytes: Buffer,
  offset: number,
  visitor: LogScanVisitor,
): boolean {
  if (frame.kind !== frameKind.data) {
    visitor.otherFrame?.(frame.kind)
    return true
  }
  if (!holdsItsRecords(frame, bytes)) return false
  const record = new RecordView()
  for (let at = frameHeaderBytes; at < frame.length; at = record.end) {
    record.read(bytes, at, frame.length)
    visitor.record(record, offset + at)
  }
  return true
}

function holdsItsRecords(frame: FrameView, bytes: Buffer): boolean {
  const record = new RecordView()
  let at = frameHeaderBytes
  for (let place = 0; place < frame.recordCount; place++) {
    if (!record.read(bytes, at, frame.length)) return false
    if (record.index !== frame.firstIndex + place) return false
    at = record.end
  }
  return at === frame.length
}
