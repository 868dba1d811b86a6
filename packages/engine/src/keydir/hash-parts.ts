/**
 * Parts of a hash: what a slot of a segment tells of its key's hash, in one number. The home in eight bits, the tag in the
 * next eight, and above them the bits for the next splits.
 *
 * A trace, the byte that a slot keeps beside the tag, spares a split the look at keys, each of which would be waited for:
 * its first five bits are those bits of the hash by which the segment and its offspring split next, five times in all; the
 * other three say how many groups the slot is behind its home, `distanceMax` for that many and more.
 */
import { hashSegment, tagOf } from './hash-segment.ts'

/** The distance that stands for itself and all above. */
export const hashParts = { distanceMax: 7 } as const

const { distanceMax } = hashParts
const { groups } = hashSegment
const splitBits = 5
const splitBitsMask = (1 << splitBits) - 1
const distanceBits = 3

/** Of a key in a segment of this depth. */
export function partsOf(hash: number, depth: number): number {
  const shift = 32 - splitBits - splitWindow(depth) * splitBits
  return partsFrom(hash, tagOf(hash), ((hash >>> shift) & splitBitsMask) << distanceBits)
}

export function partsFrom(home: number, tag: number, trace: number): number {
  return (home & (groups - 1)) | (tag << 8) | ((trace >>> distanceBits) << 16)
}

export function homeOf(parts: number): number {
  return parts & (groups - 1)
}

export function tagOfParts(parts: number): number {
  return (parts >>> 8) & 0xff
}

export function traceOf(parts: number, distance: number): number {
  return ((parts >>> 16) << distanceBits) | Math.min(distance, distanceMax)
}

/** Which of the hash's bits a trace holds: those from `splitBits` times this number on, from the top. */
export function splitWindow(depth: number): number {
  return (depth / splitBits) | 0
}

/** Whether a key goes to the sibling when a segment of this depth splits. */
export function splitsUp(parts: number, depth: number): boolean {
  return ((parts >>> (16 + splitBits - 1 - (depth % splitBits))) & 1) === 1
}
