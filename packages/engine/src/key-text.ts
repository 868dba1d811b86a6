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
