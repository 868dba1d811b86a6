import type { Value } from '../sessions/session.ts'
import { randomFrom } from './random.ts'

const poolBytesMax = 4 * 1024 * 1024
const valuesMax = 1_024
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * The values that are written, made before the clock starts. Random text of 64 letters, so that compression
 * gains a quarter at most. A key always has the same value, so that every read can be checked.
 */
export class ValuePool {
  readonly #values: readonly Value[]

  constructor(valueBytes: number) {
    const count = Math.max(1, Math.min(valuesMax, Math.floor(poolBytesMax / valueBytes)))
    const random = randomFrom(valueBytes)
    this.#values = Array.from({ length: count }, () => {
      const bytes = Buffer.alloc(valueBytes)
      for (let at = 0; at < valueBytes; at++) bytes[at] = alphabet.charCodeAt(random() * 64)
      return { bytes, text: bytes.toString('latin1') }
    })
  }

  /** The value of key number `index`. */
  of(index: number): Value {
    return this.#values[index % this.#values.length]!
  }
}
