/**
 * Sorts many keys byte by byte, unsigned, the shorter first: a radix sort from the first byte on, which looks at no
 * byte twice and goes on only where keys are still alike (P. M. McIlroy, K. Bostic, M. D. McIlroy, "Engineering Radix
 * Sort", Computing Systems 6(1), 1993). It is stable: equal keys stay in the order they came in.
 */

/** Below this insertion is quicker than counting 256 bytes. */
const insertionMax = 24
/** Keys moved between two halts. */
const keysPerSlice = 32_768

/** Keys one behind the other: key `i` is bytes [starts[i], starts[i + 1]). */
export interface KeyList {
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
  readonly count: number
}

/** The numbers of the keys in their order. Halts every now and then, so that a turn of the event loop may end. */
export function* sortedKeys(keys: KeyList): Generator<undefined, Uint32Array> {
  const order = Uint32Array.from({ length: keys.count }, (_, key) => key)
  const sort = new RadixSort(keys, order)
  for (let moved = 0; sort.hasWork; ) {
    moved += sort.step()
    if (moved < keysPerSlice) continue
    moved = 0
    yield
  }
  return order
}

class RadixSort {
  readonly #keys: KeyList
  readonly #order: Uint32Array
  readonly #spare: Uint32Array
  readonly #places: Uint16Array
  readonly #counts = new Uint32Array(257)
  /** Stretches of the order whose keys are alike so far: from, to, and how many bytes are alike. Three numbers each. */
  readonly #stretches: number[]

  constructor(keys: KeyList, order: Uint32Array) {
    this.#keys = keys
    this.#order = order
    this.#spare = new Uint32Array(order.length)
    this.#places = new Uint16Array(order.length)
    this.#stretches = [0, order.length, 0]
  }

  get hasWork(): boolean {
    return this.#stretches.length > 0
  }

  /** Sorts one stretch by its next byte. Returns the number of its keys. */
  step(): number {
    const depth = this.#stretches.pop()!
    const to = this.#stretches.pop()!
    const from = this.#stretches.pop()!
    if (to - from <= insertionMax) this.#insert(from, to, depth)
    else this.#distribute(from, to, depth)
    return to - from
  }

  #distribute(from: number, to: number, depth: number): void {
    const order = this.#order
    const counts = this.#counts
    const places = this.#places
    const { bytes, starts } = this.#keys
    counts.fill(0)
    // A key's byte + 1, or 0 behind its end: noted, as what is looked up lies all over the memory.
    for (let at = from; at < to; at++) {
      const key = order[at]!
      const start = starts[key]! + depth
      const place = start < starts[key + 1]! ? bytes[start]! + 1 : 0
      places[at] = place
      counts[place]!++
    }
    const first = places[from]!
    if (counts[first] === to - from) {
      // All alike, as in a common prefix: nothing moves. Keys that end here are equal.
      if (first > 0) this.#stretches.push(from, to, depth + 1)
      return
    }
    let next = from
    for (let byte = 0; byte < counts.length; byte++) {
      const count = counts[byte]!
      if (count > 1 && byte > 0) this.#stretches.push(next, next + count, depth + 1)
      counts[byte] = next
      next += count
    }
    const spare = this.#spare
    for (let at = from; at < to; at++) spare[counts[places[at]!]!++] = order[at]!
    for (let at = from; at < to; at++) order[at] = spare[at]!
  }

  #insert(from: number, to: number, depth: number): void {
    const order = this.#order
    for (let at = from + 1; at < to; at++) {
      const key = order[at]!
      let place = at
      while (place > from && this.#compare(order[place - 1]!, key, depth) > 0) {
        order[place] = order[place - 1]!
        place--
      }
      order[place] = key
    }
  }

  /** A key's byte + 1, or 0 behind its end. */
  #byte(key: number, depth: number): number {
    const { bytes, starts } = this.#keys
    const at = starts[key]! + depth
    return at < starts[key + 1]! ? bytes[at]! + 1 : 0
  }

  /** Of two keys that are alike up to `depth`. */
  #compare(a: number, b: number, depth: number): number {
    for (let at = depth; ; at++) {
      const byteOfA = this.#byte(a, at)
      const difference = byteOfA - this.#byte(b, at)
      if (difference !== 0 || byteOfA === 0) return difference
    }
  }
}
