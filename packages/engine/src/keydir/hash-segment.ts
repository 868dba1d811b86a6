/**
 * Segment of a hash index: slots for keys whose hashes begin alike, in words.
 *
 * | word     | what                                                                                  |
 * |----------|---------------------------------------------------------------------------------------|
 * | 0        | sequence counter: odd while the segment, or an entry it names, is being changed        |
 * | 1        | depth: how many first bits its keys share                                             |
 * | 2        | keys                                                                                  |
 * | 3        | slots whose key was removed                                                           |
 * | 4        | the segment that takes what found no room here, or 0                                  |
 * | 8, 10..  | a tag of one byte for each slot: 0 empty, 1 removed, else 8 bits of the key's hash    |
 * | 9, 11..  | a trace of one byte for each slot: see hash-parts.ts                                  |
 * | 520..    | the entry of each slot                                                                |
 *
 * Slots come in groups of four, whose tags make one word: a look-up starts at the group that the hash names, the key's
 * home, and goes on until one has an empty slot.
 */
export const hashSegment = {
  slots: 1024,
  /** Slots / 4. */
  groups: 256,
  depthPlace: 1,
  keysPlace: 2,
  removedPlace: 3,
  overflowPlace: 4,
  tagsPlace: 8,
  /** Beside the tags: both are there when memory has brought one. */
  tracesPlace: 9,
  /** Behind a word of tags and one of traces for each group. */
  entriesPlace: 520,
  words: 1544,
  emptyTag: 0,
  removedTag: 1,
  /** A byte times this is a word of four of them. */
  everyByte: 0x0101_0101,
} as const

// V8 makes constants of what a module keeps to itself, and not of what it exports or imports: a tenth of a put of the
// keydir hangs on that. Who uses these takes them out of the object once.
const { removedTag, everyByte } = hashSegment
const topBits = 0x8080_8080 | 0

/** The tag of a key's slot. */
export function tagOf(hash: number): number {
  const bits = (hash >>> 8) & 0xff
  return bits <= removedTag ? bits + 2 : bits
}

/** Top bits of the bytes of `word` that are zero. Those of higher bytes may be set without that. */
export function zeroBytes(word: number): number {
  return (word - everyByte) & ~word & topBits
}

/** The tag or trace of a slot; `place` is where those of its segment begin. */
export function byteAt(words: Int32Array, place: number, slot: number): number {
  return (words[place + 2 * (slot >>> 2)]! >>> ((slot & 3) << 3)) & 0xff
}

export function setByte(words: Int32Array, place: number, slot: number, byte: number): void {
  const shift = (slot & 3) << 3
  const at = place + 2 * (slot >>> 2)
  words[at] = (words[at]! & ~(0xff << shift)) | (byte << shift)
}
