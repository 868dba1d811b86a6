/**
 * marks: "the log was durable up to here", as evidence for recovery: what is bad after the last mark may be
 * a torn tail, what is bad before it is corruption. A ring of 1,024 slots of 64 bytes, written in turn; the
 * highest valid `seq` counts, and no valid slot is damage. Little-endian.
 *
 * | offset | size | field                                                  |
 * |--------|------|--------------------------------------------------------|
 * | 0      | 8    | seq, from 1                                            |
 * | 8      | 8    | index: the last durable one                            |
 * | 16     | 8    | term of that index                                     |
 * | 24     | 8    | commit: the last index known to be committed           |
 * | 32     | 8    | segment: first index of the segment it ends in         |
 * | 40     | 4    | offset in that segment where the durable bytes end     |
 * | 44     | 4    | chain there                                            |
 * | 60     | 4    | crc32 of bytes [0, 60)                                 |
 */
import { crc32 } from './crc32.ts'
import { readU64, writeU64 } from './u64.ts'

export const markBytes = 64
export const markSlots = 1_024
const crcAt = 60

export interface Mark {
  readonly seq: number
  readonly index: number
  readonly term: number
  readonly commit: number
  readonly segment: number
  readonly offset: number
  readonly chain: number
}

export function encodeMark(mark: Mark): Buffer {
  const bytes = Buffer.alloc(markBytes)
  writeU64(bytes, mark.seq, 0)
  writeU64(bytes, mark.index, 8)
  writeU64(bytes, mark.term, 16)
  writeU64(bytes, mark.commit, 24)
  writeU64(bytes, mark.segment, 32)
  bytes.writeUInt32LE(mark.offset, 40)
  bytes.writeUInt32LE(mark.chain, 44)
  bytes.writeUInt32LE(crc32(bytes, 0, crcAt), crcAt)
  return bytes
}

/** Where in the file the mark with this `seq` stands. */
export function markPosition(seq: number): number {
  return ((seq - 1) % markSlots) * markBytes
}

/** The mark that counts in the content of a marks file, or undefined when no slot is valid. */
export function lastMark(content: Buffer): Mark | undefined {
  let last: Mark | undefined
  for (let at = 0; at + markBytes <= content.length; at += markBytes) {
    // Most slots are empty or older: nothing is summed for those.
    if (readU64(content, at) <= (last?.seq ?? 0)) continue
    last = decodeMark(content.subarray(at, at + markBytes)) ?? last
  }
  return last
}

/** Every valid mark in the content of a marks file, and where it stands. */
export function marksIn(content: Buffer): (Mark & { readonly at: number })[] {
  const marks: (Mark & { readonly at: number })[] = []
  for (let at = 0; at + markBytes <= content.length; at += markBytes) {
    if (readU64(content, at) < 1) continue
    const mark = decodeMark(content.subarray(at, at + markBytes))
    if (mark !== undefined) marks.push({ ...mark, at })
  }
  return marks
}

function decodeMark(bytes: Buffer): Mark | undefined {
  if (bytes.readUInt32LE(crcAt) !== crc32(bytes, 0, crcAt)) return undefined
  const mark = {
    seq: readU64(bytes, 0),
    index: readU64(bytes, 8),
    term: readU64(bytes, 16),
    commit: readU64(bytes, 24),
    segment: readU64(bytes, 32),
    offset: bytes.readUInt32LE(40),
    chain: bytes.readUInt32LE(44),
  }
  return mark.segment < 1 || Math.min(mark.index, mark.term, mark.commit) < 0 ? undefined : mark
}
