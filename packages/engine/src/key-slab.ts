const slabBytes = 4096

/**
 * Copies of keys that are handed out together, in memory of their own: whoever keeps a key must not keep the values
 * that were read beside it.
 */
export class KeySlab {
  #bytes = Buffer.alloc(0)
  #end = 0

  copy(source: Uint8Array, start: number, end: number): Buffer {
    const size = end - start
    if (this.#end + size > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(Math.max(slabBytes, size))
      this.#end = 0
    }
    const bytes = this.#bytes
    const from = this.#end
    for (let i = 0; i < size; i++) bytes[from + i] = source[start + i]!
    this.#end += size
    return bytes.subarray(from, from + size)
  }
}
