/**
 * Key number `index`, from 0 to 2^32 - 1: `user` and twelve digits, 16 bytes. Neighbouring numbers give keys
 * far apart, so counting up inserts in random order; no two numbers give the same key.
 */
export function keyOf(index: number): string {
  return `user${100_000_000_000 + scrambled(index)}`
}

/** A bijection of 32-bit numbers: the finalizer of MurmurHash3 (Appleby), each step of which can be undone. */
function scrambled(index: number): number {
  let mixed = index >>> 0
  mixed ^= mixed >>> 16
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  mixed ^= mixed >>> 16
  return mixed >>> 0
}
