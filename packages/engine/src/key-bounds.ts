/**
 * A stretch of the key space. Lower: `gte` or `gt`, upper: `lte` or `lt`; or `prefix`, which may be narrowed
 * by the others. Keys compare byte by byte, unsigned, the shorter first.
 */
export interface KeyBounds {
  /** From this key on. */
  readonly gte?: Uint8Array | undefined
  /** From behind this key. */
  readonly gt?: Uint8Array | undefined
  /** Up to this key. */
  readonly lte?: Uint8Array | undefined
  /** Up to before this key. */
  readonly lt?: Uint8Array | undefined
  /** Keys that begin with these bytes. */
  readonly prefix?: Uint8Array | undefined
}

/** One end of a stretch; undefined is no end. */
export interface KeyLimit {
  readonly key: Uint8Array
  readonly inclusive: boolean
}

/** The highest lower end that `bounds` gives. */
export function lowerLimit(bounds: KeyBounds): KeyLimit | undefined {
  return [limit(bounds.gte, true), limit(bounds.gt, false), limit(bounds.prefix, true)].reduce(
    (a, b) => tighter(a, b, 1),
  )
}

/** The lowest upper end that `bounds` gives. */
export function upperLimit(bounds: KeyBounds): KeyLimit | undefined {
  const prefixEnd = bounds.prefix === undefined ? undefined : afterPrefix(bounds.prefix)
  return [limit(bounds.lte, true), limit(bounds.lt, false), limit(prefixEnd, false)].reduce(
    (a, b) => tighter(a, b, -1),
  )
}

/** The first key behind all keys that start with `prefix`, or undefined when there is none. */
export function afterPrefix(prefix: Uint8Array): Buffer | undefined {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return undefined
  const after = Buffer.from(prefix.subarray(0, length))
  after[length - 1]! += 1
  return after
}

function limit(key: Uint8Array | undefined, inclusive: boolean): KeyLimit | undefined {
  return key === undefined ? undefined : { key, inclusive }
}

/** `direction` 1 keeps the higher of two ends, -1 the lower; of equal keys the exclusive one. */
function tighter(
  a: KeyLimit | undefined,
  b: KeyLimit | undefined,
  direction: 1 | -1,
): KeyLimit | undefined {
  if (a === undefined || b === undefined) return a ?? b
  const order = Buffer.compare(a.key, b.key) * direction
  if (order !== 0) return order > 0 ? a : b
  return a.inclusive ? b : a
}
