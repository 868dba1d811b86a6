import { createHash } from 'node:crypto'

/**
 * Keys as strings, one character a byte, for use in a `Map`: equal bytes are equal strings, and strings
 * compare as the bytes do.
 */
export function keyText(key: Uint8Array): string {
  const bytes = Buffer.isBuffer(key) ? key : Buffer.from(key.buffer, key.byteOffset, key.length)
  return bytes.toString('latin1')
}

export function textKey(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** V8 hashes a string by its characters up to this length, and a longer one by its length alone. */
const hashedLengthMax = 16_383

/**
 * What a `Map` files a key under. Long keys of one length would all collide, so those are filed by their SHA-256,
 * behind a character that no key as text has.
 */
export function mapKey(text: string): string {
  if (text.length <= hashedLengthMax) return text
  return `\u0100${createHash('sha256').update(text, 'latin1').digest().toString('latin1')}`
}
