/**
 * Segment: header, then frames (log) or bare records in key order (merge output), for sealed files a
 * footer. Nothing local stands in them. Header and footer are 64 bytes, zero-filled, with the crc32 of
 * bytes [0, 60) at 60. Little-endian.
 *
 * Header                                  Footer
 * | offset | size | field         |       | offset | size | field                                  |
 * |--------|------|---------------|       |--------|------|----------------------------------------|
 * | 0      | 8    | "KVSEGMNT"    |       | 0      | 8    | "KVFOOTER"                             |
 * | 8      | 2    | version       |       | 8      | 2    | version                                |
 * | 10     | 2    | kind          |       | 10     | 2    | kind                                   |
 * | 12     | 4    | chain before  |       | 12     | 4    | chain after                            |
 * | 16     | 8    | first index   |       | 16     | 8    | first (merge output: lowest) index     |
 *                                         | 24     | 8    | last (merge output: highest) index     |
 *                                         | 32     | 8    | records                                |
 *                                         | 40     | 8    | bytes between header and footer        |
 *
 * Kinds: 1 log, 2 merge output. A merge output starts at chain 0 and first index 0, and chains the CRCs of
 * its records, so nothing is hashed twice to seal it. A log segment's last frame is followed by its footer
 * once the segment is sealed; where a footer is torn or missing the frames themselves tell its content.
 */
import { crc32 } from './crc32.ts'
import { formatVersion } from './format-version.ts'
import { readU64, writeU64 } from './u64.ts'

export const segmentHeaderBytes = 64
export const segmentFooterBytes = 64

export const segmentKind = { log: 1, merge: 2 } as const
export type SegmentKind = (typeof segmentKind)[keyof typeof segmentKind]

const headerMagic = Buffer.from('KVSEGMNT', 'latin1')
const footerMagic = Buffer.from('KVFOOTER', 'latin1')
const crcAt = 60

export interface SegmentHeader {
  readonly kind: SegmentKind
  readonly chainBefore: number
  readonly firstIndex: number
}

export interface SegmentFooter {
  readonly kind: SegmentKind
  readonly chainAfter: number
  readonly lowestIndex: number
  readonly highestIndex: number
  readonly records: number
  /** Bytes between header and footer. */
  readonly bytes: number
}

export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  const bytes = block(headerMagic, header.kind, header.chainBefore)
  writeU64(bytes, header.firstIndex, 16)
  return closed(bytes)
}

/** Undefined when the bytes are no undamaged header. */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  const kind = blockKind(bytes, headerMagic)
  if (kind === undefined) return undefined
  return { kind, chainBefore: bytes.readUInt32LE(12), firstIndex: readU64(bytes, 16) }
}

export function encodeSegmentFooter(footer: SegmentFooter): Buffer {
  const bytes = block(footerMagic, footer.kind, footer.chainAfter)
  writeU64(bytes, footer.lowestIndex, 16)
  writeU64(bytes, footer.highestIndex, 24)
  writeU64(bytes, footer.records, 32)
  writeU64(bytes, footer.bytes, 40)
  return closed(bytes)
}

/** Undefined when the bytes are no undamaged footer. */
export function decodeSegmentFooter(bytes: Buffer): SegmentFooter | undefined {
  const kind = blockKind(bytes, footerMagic)
  if (kind === undefined) return undefined
  return {
    kind,
    chainAfter: bytes.readUInt32LE(12),
    lowestIndex: readU64(bytes, 16),
    highestIndex: readU64(bytes, 24),
    records: readU64(bytes, 32),
    bytes: readU64(bytes, 40),
  }
}

/** What names a sealed file's content: a hint carries it, and MANIFEST for merge outputs. */
export function footerCrc(encodedFooter: Buffer): number {
  return encodedFooter.readUInt32LE(crcAt)
}

function block(magic: Buffer, kind: SegmentKind, chain: number): Buffer {
  const bytes = Buffer.alloc(segmentHeaderBytes)
  magic.copy(bytes)
  bytes.writeUInt16LE(formatVersion, 8)
  bytes.writeUInt16LE(kind, 10)
  bytes.writeUInt32LE(chain, 12)
  return bytes
}

function closed(bytes: Buffer): Buffer {
  bytes.writeUInt32LE(crc32(bytes, 0, crcAt), crcAt)
  return bytes
}

function blockKind(bytes: Buffer, magic: Buffer): SegmentKind | undefined {
  if (bytes.length !== segmentHeaderBytes || !bytes.subarray(0, 8).equals(magic)) return undefined
  if (bytes.readUInt32LE(crcAt) !== crc32(bytes, 0, crcAt)) return undefined
  if (bytes.readUInt16LE(8) !== formatVersion) return undefined
  const kind = bytes.readUInt16LE(10)
  return kind === segmentKind.log || kind === segmentKind.merge ? kind : undefined
}
