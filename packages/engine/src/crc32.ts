/**
 * CRC-32 (IEEE 802.3, as in zlib). A call into zlib costs about 200 ns whatever the length, so short runs
 * of bytes, such as one record, are summed here with a table and long ones, such as a frame, by zlib.
 */
import { crc32 as zlibCrc32 } from 'node:zlib'

const shortRunMax = 224

/** By byte: what it leaves when `zeros` zero bytes follow it. */
function remainders(zeros: number): Int32Array {
  return Int32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte
    for (let bit = 0; bit < 8 * (zeros + 1); bit++) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1
    }
    return remainder
  })
}

const table = remainders(0)
// Eight bytes a step, by eight tables: "slicing" (Kounavis and Berry, 2005). Only four of the eight lookups
// wait for the step before.
const table1 = remainders(1)
const table2 = remainders(2)
const table3 = remainders(3)
const table4 = remainders(4)
const table5 = remainders(5)
const table6 = remainders(6)
const table7 = remainders(7)

/** The CRC of `bytes[start, end)`, continued from `seed`, the CRC of what came before. */
export function crc32(bytes: Uint8Array, start: number, end: number, seed = 0): number {
  if (end - start > shortRunMax) return zlibCrc32(bytes.subarray(start, end), seed)
  let crc = ~seed
  let at = start
  for (const last = end - 7; at < last; at += 8) {
    crc =
      table7[(crc ^ bytes[at]!) & 0xff]! ^
      table6[((crc >>> 8) ^ bytes[at + 1]!) & 0xff]! ^
      table5[((crc >>> 16) ^ bytes[at + 2]!) & 0xff]! ^
      table4[(crc >>> 24) ^ bytes[at + 3]!]! ^
      (table3[bytes[at + 4]!]! ^
        table2[bytes[at + 5]!]! ^
        table1[bytes[at + 6]!]! ^
        table[bytes[at + 7]!]!)
  }
  for (; at < end; at++) crc = table[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return ~crc >>> 0
}

/**
 * The rolling hash of history: the chain after a frame (or a merge output's record) whose CRC is `crc`,
 * from the chain before it. Equal chains at equal indices mean equal histories.
 */
export function chainAfter(chain: number, crc: number): number {
  let next = ~chain
  next = table[(next ^ crc) & 0xff]! ^ (next >>> 8)
  next = table[(next ^ (crc >>> 8)) & 0xff]! ^ (next >>> 8)
  next = table[(next ^ (crc >>> 16)) & 0xff]! ^ (next >>> 8)
  next = table[(next ^ (crc >>> 24)) & 0xff]! ^ (next >>> 8)
  return ~next >>> 0
}
