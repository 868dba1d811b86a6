import { KvError } from './errors.ts'
import type { KeyBounds } from './key-bounds.ts'
import type { Bytes, CountOptions } from './results.ts'

/**
 * Keys and values as callers give them, as bytes. Throws `TypeError` for anything but text and bytes, and for
 * text with half a surrogate pair: UTF-8 has no such thing, and two keys would become one.
 */
function bytesOf(value: Bytes, what: string): Uint8Array {
  if (typeof value === 'string') {
    if (!value.isWellFormed()) {
      throw new TypeError(
        `${what} must be well-formed text, and has half a surrogate pair; nothing was done; give other bytes as a Uint8Array`,
      )
    }
    return Buffer.from(value, 'utf8')
  }
  if (value instanceof Uint8Array) return value
  throw new TypeError(
    `${what} must be a string or a Uint8Array, not ${typeName(value)}; nothing was done`,
  )
}

export function checkedKey(value: Bytes, bytesMax: number): Uint8Array {
  const key = bytesOf(value, 'a key')
  if (key.length > bytesMax) {
    throw new KvError(
      'KV_KEY_TOO_LARGE',
      `the key has ${key.length} bytes, more than keyBytesMax (${bytesMax}); nothing was done; choose a shorter key`,
    )
  }
  return key
}

export function checkedValue(value: Bytes, bytesMax: number): Uint8Array {
  const bytes = bytesOf(value, 'a value')
  if (bytes.length > bytesMax) {
    throw new KvError(
      'KV_VALUE_TOO_LARGE',
      `the value has ${bytes.length} bytes, more than valueBytesMax (${bytesMax}); nothing was written; split it, or raise valueBytesMax`,
    )
  }
  return bytes
}

/** The options that bound a stretch of keys. */
export const boundNames: readonly string[] = ['gte', 'gt', 'lte', 'lt', 'prefix']

/** The bounds among `options`, as bytes of their own: they outlive the call that they were given to. */
export function boundsOf(options: CountOptions): KeyBounds {
  const bound = (name: 'gte' | 'gt' | 'lte' | 'lt' | 'prefix'): Uint8Array | undefined => {
    const value = options[name]
    return value === undefined ? undefined : Buffer.from(bytesOf(value, `the bound ${name}`))
  }
  return {
    gte: bound('gte'),
    gt: bound('gt'),
    lte: bound('lte'),
    lt: bound('lt'),
    prefix: bound('prefix'),
  }
}

function typeName(value: unknown): string {
  return value === null ? 'null' : typeof value
}
