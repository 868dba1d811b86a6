/**
 * Keys as words of 32 bits, four bytes each, the first byte highest, padded with zeros, with the sign bit
 * turned over: so two keys compare as their words do as signed integers, the shorter first where all are
 * equal. Signed, because V8 keeps those out of the heap.
 */

const signBit = 0x8000_0000

/** Words that hold a key of `bytes` bytes. */
export function keyWordsOf(bytes: number): number {
  return (bytes + 3) >>> 2
}

/** A key word for four bytes, the first one highest. */
function toOrdered(word: number): number {
  return word ^ signBit
}

/** A key as words, reused from key to key. */
export class KeyWords {
  /** Longer than the key. */
  words: Int32Array = new Int32Array(64)
  /** Length of the key in bytes. */
  size = 0

  /** Takes the key that `bytes` holds at [start, end). */
  load(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start
    this.size = size
    const count = keyWordsOf(size)
    if (count > this.words.length) this.words = new Int32Array(count * 2)
    const { words } = this
    const whole = size >>> 2
    let at = start
    for (let i = 0; i < whole; i++, at += 4) {
      words[i] =
        ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) ^
        signBit
    }
    if (whole === count) return
    let rest = bytes[at]! << 24
    if (at + 1 < end) rest |= bytes[at + 1]! << 16
    if (at + 2 < end) rest |= bytes[at + 2]! << 8
    words[whole] = rest ^ signBit
  }
}

/** Writes the bytes of the key of `size` bytes that `words` holds at `from` to `target` at `at`. */
export function storeKeyBytes(
  words: Int32Array,
  from: number,
  size: number,
  target: Uint8Array,
  at: number,
): void {
  const whole = size >>> 2
  let to = at
  for (let i = 0; i < whole; i++, to += 4) {
    const word = words[from + i]! ^ signBit
    target[to] = word >>> 24
    target[to + 1] = word >>> 16
    target[to + 2] = word >>> 8
    target[to + 3] = word
  }
  if (to === at + size) return
  const rest = words[from + whole]! ^ signBit
  for (let shift = 24; to < at + size; to++, shift -= 8) target[to] = rest >>> shift
}

/** Whether the key of `size` bytes that `words` holds at `from` is what `bytes` holds at `at`. */
export function areKeyBytes(
  words: Int32Array,
  from: number,
  size: number,
  bytes: Uint8Array,
  at: number,
): boolean {
  const whole = size >>> 2
  let place = at
  for (let i = 0; i < whole; i++, place += 4) {
    const word =
      (bytes[place]! << 24) |
      (bytes[place + 1]! << 16) |
      (bytes[place + 2]! << 8) |
      bytes[place + 3]!
    if ((word ^ signBit) !== words[from + i]) return false
  }
  if (place === at + size) return true
  const rest = words[from + whole]! ^ signBit
  for (let shift = 24; place < at + size; place++, shift -= 8) {
    if (bytes[place] !== ((rest >>> shift) & 0xff)) return false
  }
  return true
}

/** Four bytes of a key from byte `skip` on, as a key word. */
export function wordAt(words: Int32Array, from: number, size: number, skip: number): number {
  const count = keyWordsOf(size)
  const first = skip >>> 2
  if (first >= count) return toOrdered(0)
  const high = words[from + first]!
  const shift = (skip & 3) << 3
  if (shift === 0) return high
  const low = first + 1 < count ? toOrdered(words[from + first + 1]!) : 0
  return toOrdered((toOrdered(high) << shift) | (low >>> (32 - shift)))
}
