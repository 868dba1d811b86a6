/**
 * HalfSipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, and its 32-bit variant
 * that Linux uses for hash tables) over a key as words. Its secret is drawn for each keydir, so that nobody
 * can choose keys that collide.
 */
import { randomBytes } from 'node:crypto'
import { keyWordsOf } from './key-words.ts'

export interface KeyHash {
  /** What another thread needs to hash alike. */
  readonly secret: Uint8Array
  /** Hashes the key of `size` bytes that `words` holds at `from`. Returns a signed 32-bit integer. */
  hash(words: Int32Array, from: number, size: number): number
}

const secretBytes = 8
/** The 3 of 1-3. */
const finalRounds = 3

export class HalfSipHash implements KeyHash {
  readonly secret: Uint8Array
  readonly #k0: number
  readonly #k1: number

  constructor(secret: Uint8Array = randomBytes(secretBytes)) {
    const view = new DataView(secret.buffer, secret.byteOffset, secretBytes)
    this.secret = secret
    this.#k0 = view.getInt32(0, true)
    this.#k1 = view.getInt32(4, true)
  }

  hash(words: Int32Array, from: number, size: number): number {
    let v0 = this.#k0
    let v1 = this.#k1
    let v2 = 0x6c79_6765 ^ v0
    let v3 = 0x7465_6462 ^ v1
    const end = from + keyWordsOf(size)
    for (let at = from; at <= end + finalRounds; at++) {
      // The length comes behind the words: it tells padding from zeros. The final rounds take in nothing.
      const word = at < end ? words[at]! : at === end ? size : 0
      v3 ^= word
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
      v0 ^= word
      if (at === end) v2 ^= 0xff
    }
    return v1 ^ v3
  }
}
