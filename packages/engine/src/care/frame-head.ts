import { formatVersion } from '../format-version.ts'
import { type FrameKind, frameHeaderBytes, frameKind } from '../frame.ts'
import { readU64 } from '../u64.ts'

/** The fields of a frame's header. */
export interface FrameHead {
  readonly crc: number
  readonly length: number
  readonly chainBefore: number
  readonly kind: FrameKind
  readonly recordCount: number
  readonly firstIndex: number
  readonly term: number
  readonly timestamp: number
}

/** Undefined when the fields at `at` make no frame that ends within `bytesMax` bytes. The bytes are not summed. */
export function readFrameHead(bytes: Buffer, at: number, bytesMax: number): FrameHead | undefined {
  if (bytes.length - at < frameHeaderBytes) return undefined
  const length = bytes.readUInt32LE(at + 4)
  const kind = bytes[at + 13]!
  const head = {
    crc: bytes.readUInt32LE(at),
    length,
    chainBefore: bytes.readUInt32LE(at + 8),
    kind: kind as FrameKind,
    recordCount: bytes.readUInt16LE(at + 14),
    firstIndex: readU64(bytes, at + 16),
    term: readU64(bytes, at + 24),
    timestamp: readU64(bytes, at + 32),
  }
  if (length < frameHeaderBytes || length > bytesMax) return undefined
  if (bytes[at + 12] !== formatVersion) return undefined
  if (kind < frameKind.data || kind > frameKind.stateCheck || head.recordCount === 0) {
    return undefined
  }
  if (kind !== frameKind.data && head.recordCount !== 1) return undefined
  return head.firstIndex < 1 || head.term < 0 || head.timestamp < 0 ? undefined : head
}
