import { markAsUntransferable } from 'node:worker_threads'

/**
 * Memory that is handed out piece by piece and never taken back: what is small and handed out often costs an allocation,
 * and the collector's work, only once in many times. Whoever keeps a piece keeps the slab it was cut from, and nobody
 * can hand that to another thread, which would take it from all others.
 */
export class Slab {
  readonly #slabBytes: number
  #bytes = Buffer.alloc(0)
  #end = 0

  constructor(slabBytes: number) {
    this.#slabBytes = slabBytes
  }

  /** A piece of `size` bytes, which hold anything. One that is as large as a slab has memory of its own. */
  take(size: number): Buffer {
    if (size >= this.#slabBytes) return Buffer.allocUnsafeSlow(size)
    if (this.#end + size > this.#bytes.length) {
      this.#bytes = Buffer.allocUnsafeSlow(this.#slabBytes)
      markAsUntransferable(this.#bytes.buffer)
      this.#end = 0
    }
    const from = this.#end
    this.#end += size
    return this.#bytes.subarray(from, this.#end)
  }
}
