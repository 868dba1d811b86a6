import { keyOf } from './keys.ts'

/** The order of the keys number `firstKey` to `firstKey + count` - 1. Sorts them all once. */
export class KeyOrder {
  readonly #firstKey: number
  /** Numbers of keys, in the order of their keys. */
  readonly #indexes: Uint32Array
  /** The place of each in that order. */
  readonly #ranks: Uint32Array

  constructor(firstKey: number, count: number) {
    this.#firstKey = firstKey
    const keys = Array.from({ length: count }, (_, at) => ({
      key: keyOf(firstKey + at),
      index: firstKey + at,
    }))
    keys.sort((a, b) => (a.key < b.key ? -1 : 1))
    this.#indexes = Uint32Array.from(keys, ({ index }) => index)
    this.#ranks = new Uint32Array(count)
    for (const [rank, index] of this.#indexes.entries()) this.#ranks[index - firstKey] = rank
  }

  /** How many keys there are from key number `index` on, itself included. */
  entriesFrom(index: number, reverse: boolean): number {
    const rank = this.#ranks[index - this.#firstKey]!
    return reverse ? rank + 1 : this.#indexes.length - rank
  }

  /** Numbers of `count` keys in a row; `place`, from 0 to 1, says where. */
  neighbours(place: number, count: number): Uint32Array {
    const first = Math.floor(place * Math.max(1, this.#indexes.length - count))
    return this.#indexes.subarray(first, first + count)
  }
}
