/**
 * The layout of NODE and MANIFEST: crc32 (4 bytes, of all that follows), length of the text (4), UTF-8 JSON.
 * Little-endian. Both files are replaced as a whole, never written in place.
 */
import { crc32 } from './crc32.ts'

const headerBytes = 8

export function encodeCheckedJson(value: unknown): Buffer {
  const text = Buffer.from(JSON.stringify(value), 'utf8')
  const bytes = Buffer.alloc(headerBytes + text.length)
  bytes.writeUInt32LE(text.length, 4)
  text.copy(bytes, headerBytes)
  bytes.writeUInt32LE(crc32(bytes, 4, bytes.length), 0)
  return bytes
}

/** The value, or undefined when the bytes are damaged in any way. */
export function decodeCheckedJson(bytes: Buffer): unknown {
  if (bytes.length < headerBytes || bytes.readUInt32LE(4) !== bytes.length - headerBytes) {
    return undefined
  }
  if (bytes.readUInt32LE(0) !== crc32(bytes, 4, bytes.length)) return undefined
  try {
    return JSON.parse(bytes.toString('utf8', headerBytes))
  } catch {
    return undefined
  }
}
