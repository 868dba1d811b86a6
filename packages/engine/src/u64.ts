/**
 * Unsigned 64-bit little-endian fields as JavaScript numbers: no BigInt on hot paths. A field above
 * 2^53 - 1 is damage and reads as -1, which no valid index, time or length is.
 */
const twoTo32 = 0x1_0000_0000
const highMax = 0x1f_ffff

export function readU64(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32LE(at + 4)
  return high > highMax ? -1 : high * twoTo32 + bytes.readUInt32LE(at)
}

/** `value` is a whole number from 0 to 2^53 - 1. */
export function writeU64(bytes: Buffer, value: number, at: number): void {
  bytes.writeUInt32LE(value % twoTo32, at)
  bytes.writeUInt32LE(Math.floor(value / twoTo32), at + 4)
}
