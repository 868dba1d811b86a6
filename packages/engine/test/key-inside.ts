import type { KeyBounds } from '../src/key-bounds.ts'

/** Whether a key is inside every bound, word by word. */
export function isInside(key: Uint8Array, { gte, gt, lte, lt, prefix }: KeyBounds): boolean {
  return (
    (gte === undefined || Buffer.compare(key, gte) >= 0) &&
    (gt === undefined || Buffer.compare(key, gt) > 0) &&
    (lte === undefined || Buffer.compare(key, lte) <= 0) &&
    (lt === undefined || Buffer.compare(key, lt) < 0) &&
    (prefix === undefined || Buffer.compare(key.subarray(0, prefix.length), prefix) === 0)
  )
}
