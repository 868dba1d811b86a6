/**
 * Hint: the keydir's image of one sealed file: per key its newest record *in that file*, tombstones too,
 * whatever other files hold; sorted by key. Only a shortcut: one that is missing, short, of another file or
 * fails its CRC is ignored and the data file is scanned. Little-endian.
 *
 * Header, 32 bytes                                       Entry
 * | offset | size | field                        |       | offset | size | field                        |
 * |--------|------|------------------------------|       |--------|------|------------------------------|
 * | 0      | 8    | "KVHINTS" and a zero byte    |       | 0      | 1    | kind, as in the record       |
 * | 8      | 2    | version                      |       | 1      | 1    | flags, as in the record      |
 * | 12     | 4    | CRC of the data file's footer|       | 2      | 2    | keySize                      |
 * | 16     | 8    | entries                      |       | 4      | 4    | offset of the record         |
 * | 24     | 4    | crc32 of the entries         |       | 8      | 4    | size of the record           |
 * | 28     | 4    | crc32 of bytes [0, 28)       |       | 12     | 8    | index                        |
 *                                                        | 20     | 0/8  | expiresAt                    |
 *                                                        | ..     |      | key                          |
 */
import { crc32 } from './crc32.ts'
import { formatVersion } from './format-version.ts'
import { expiryBytes, neverExpires, type RecordKind, recordKind } from './record.ts'
import { readU64, writeU64 } from './u64.ts'

export const hintHeaderBytes = 32
const hintEntryHeaderBytes = 20
/** The longest entry: what a window on the entries must hold at least. */
export const hintEntryBytesMax: number = hintEntryHeaderBytes + expiryBytes + 0xffff

const magic = Buffer.from('KVHINTS\0', 'latin1')
const flagExpiry = 1

export interface HintHeader {
  readonly footerCrc: number
  readonly entries: number
  readonly entriesCrc: number
}

export function encodeHintHeader(header: HintHeader): Buffer {
  const bytes = Buffer.alloc(hintHeaderBytes)
  magic.copy(bytes)
  bytes.writeUInt16LE(formatVersion, 8)
  bytes.writeUInt32LE(header.footerCrc, 12)
  writeU64(bytes, header.entries, 16)
  bytes.writeUInt32LE(header.entriesCrc, 24)
  bytes.writeUInt32LE(crc32(bytes, 0, 28), 28)
  return bytes
}

/** Undefined when the bytes are no undamaged header. */
export function decodeHintHeader(bytes: Buffer): HintHeader | undefined {
  if (bytes.length !== hintHeaderBytes || !bytes.subarray(0, 8).equals(magic)) return undefined
  if (bytes.readUInt32LE(28) !== crc32(bytes, 0, 28)) return undefined
  if (bytes.readUInt16LE(8) !== formatVersion) return undefined
  return {
    footerCrc: bytes.readUInt32LE(12),
    entries: readU64(bytes, 16),
    entriesCrc: bytes.readUInt32LE(24),
  }
}

/** What a hint says of one key. */
export interface HintEntry {
  readonly kind: RecordKind
  readonly key: Buffer
  readonly offset: number
  readonly size: number
  readonly index: number
  /** ms since the epoch, or `neverExpires`. */
  readonly expiresAt: number
}

export function hintEntryBytes(entry: HintEntry): number {
  const expiry = entry.expiresAt === neverExpires ? 0 : expiryBytes
  return hintEntryHeaderBytes + expiry + entry.key.length
}

/** Writes an entry to `target` at `at`, which has room for it. Returns its end. */
export function encodeHintEntry(target: Buffer, at: number, entry: HintEntry): number {
  const expires = entry.expiresAt !== neverExpires
  target[at] = entry.kind
  target[at + 1] = expires ? flagExpiry : 0
  target.writeUInt16LE(entry.key.length, at + 2)
  target.writeUInt32LE(entry.offset, at + 4)
  target.writeUInt32LE(entry.size, at + 8)
  writeU64(target, entry.index, at + 12)
  if (expires) writeU64(target, entry.expiresAt, at + hintEntryHeaderBytes)
  const keyStart = at + hintEntryHeaderBytes + (expires ? expiryBytes : 0)
  target.set(entry.key, keyStart)
  return keyStart + entry.key.length
}

/** A window on one encoded entry, reused from entry to entry; the key is a view into the bytes walked. */
export class HintEntryView implements HintEntry {
  /** What the entry stands in. */
  source: Buffer = Buffer.alloc(0)
  keyStart = 0
  keyEnd = 0
  kind: RecordKind = recordKind.put
  offset = 0
  size = 0
  index = 0
  expiresAt: number = neverExpires

  get key(): Buffer {
    return this.source.subarray(this.keyStart, this.keyEnd)
  }

  /** Points at the entry at `at`. Returns its end, or -1 when the bytes up to `limit` do not hold it whole. */
  read(bytes: Buffer, at: number, limit: number): number {
    if (limit - at < hintEntryHeaderBytes) return -1
    const expires = bytes[at + 1] === flagExpiry
    const keyStart = at + hintEntryHeaderBytes + (expires ? expiryBytes : 0)
    const end = keyStart + bytes.readUInt16LE(at + 2)
    if (end > limit) return -1
    this.kind = bytes[at] as RecordKind
    this.offset = bytes.readUInt32LE(at + 4)
    this.size = bytes.readUInt32LE(at + 8)
    this.index = readU64(bytes, at + 12)
    this.expiresAt = expires ? readU64(bytes, at + hintEntryHeaderBytes) : neverExpires
    this.source = bytes
    this.keyStart = keyStart
    this.keyEnd = end
    return end
  }
}
