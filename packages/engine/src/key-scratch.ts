import { checkedKey } from './bytes-argument.ts'
import type { Bytes } from './results.ts'

/** Longer keys get memory of their own. */
export const scratchBytesMax = 255

/**
 * Keys as bytes, for what is done with them within one call: text is encoded into a buffer of just its length, which
 * the next text of that length overwrites. Making a buffer for each costs a tenth of a get.
 */
export class KeyScratch {
  readonly #buffers: (Buffer | undefined)[] = []

  /** As `checkedKey`; good until the next call. */
  key(value: Bytes, bytesMax: number): Uint8Array {
    // Text has at least as many bytes as units.
    if (typeof value !== 'string' || value.length > scratchBytesMax || !value.isWellFormed()) {
      return checkedKey(value, bytesMax)
    }
    const size = Buffer.byteLength(value, 'utf8')
    if (size > scratchBytesMax || size > bytesMax) return checkedKey(value, bytesMax)
    const buffer = (this.#buffers[size] ??= Buffer.allocUnsafeSlow(size))
    buffer.write(value, 0, 'utf8')
    return buffer
  }
}
