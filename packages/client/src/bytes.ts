/** Keys and values as a caller gives them. A string stands for its UTF-8 bytes. */
export type Bytes = string | Uint8Array

/** A view of the caller's bytes: only for what is encoded before the call returns. */
export function bytesOf(bytes: Bytes, name: string): Uint8Array {
  return typeof bytes === 'string' ? encoded(bytes, name) : checked(bytes, name)
}

/** Bytes of our own, for what outlives the call: the caller may reuse his at once. */
export function ownBytes(bytes: Bytes, name: string): Uint8Array {
  return typeof bytes === 'string' ? encoded(bytes, name) : Buffer.from(checked(bytes, name))
}

function encoded(text: string, name: string): Uint8Array {
  // UTF-8 has no lone surrogates: they would all become one replacement character, and two keys the same key.
  if (!text.isWellFormed()) {
    throw new TypeError(`${name} is a string with half a surrogate pair: pass a Uint8Array`)
  }
  return Buffer.from(text)
}

function checked(bytes: unknown, name: string): Uint8Array {
  if (bytes instanceof Uint8Array) return bytes
  throw new TypeError(`${name} must be a string or a Uint8Array, not ${nameOfType(bytes)}`)
}

function nameOfType(value: unknown): string {
  if (value === null) return 'null'
  return typeof value === 'object' ? 'another object' : typeof value
}
