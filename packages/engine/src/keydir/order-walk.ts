import type { Entries } from './entries.ts'
import type { KeyOrder, OrderPlace } from './key-order.ts'
import type { KeyWords } from './key-words.ts'

/** Where a walk starts. */
export interface WalkStart {
  readonly key: KeyWords
  readonly inclusive: boolean
}

/** Walks the order and lists of entries beside it as one, forwards or in reverse. None may change meanwhile. */
export class OrderWalk {
  readonly #entries: Entries
  readonly #order: KeyOrder
  readonly #reverse: boolean
  readonly #place: OrderPlace
  readonly #lists: readonly Int32Array[]
  /** By list: the place of its next entry forwards, behind it in reverse. */
  readonly #listPlaces: number[]
  /** The next entry of the order, and of each list; 0 at the end. */
  readonly #heads: number[]

  constructor(
    entries: Entries,
    order: KeyOrder,
    lists: readonly Int32Array[],
    start: WalkStart | undefined,
    reverse: boolean,
  ) {
    this.#entries = entries
    this.#order = order
    this.#reverse = reverse
    this.#lists = lists
    this.#place = this.#orderStart(start)
    this.#listPlaces = lists.map((list) => this.#listStart(list, start))
    this.#heads = [this.#advance(0), ...lists.map((_, i) => this.#advance(i + 1))]
  }

  /** The next entry, or 0 at the end. */
  next(): number {
    const heads = this.#heads
    let source = 0
    for (let i = 1; i < heads.length; i++) {
      if (heads[i] === 0) continue
      if (heads[source] === 0 || this.#isAhead(heads[i]!, heads[source]!)) source = i
    }
    const entry = heads[source]!
    if (entry !== 0) heads[source] = this.#advance(source)
    return entry
  }

  #isAhead(entry: number, other: number): boolean {
    const order = this.#entries.compare(entry, other)
    return this.#reverse ? order > 0 : order < 0
  }

  #advance(source: number): number {
    if (source === 0) {
      return this.#reverse ? this.#order.previous(this.#place) : this.#order.next(this.#place)
    }
    const list = this.#lists[source - 1]!
    if (this.#reverse) {
      if (this.#listPlaces[source - 1] === 0) return 0
      this.#listPlaces[source - 1]! -= 1
      return list[this.#listPlaces[source - 1]!]!
    }
    const place = this.#listPlaces[source - 1]!++
    return place < list.length ? list[place]! : 0
  }

  #orderStart(start: WalkStart | undefined): OrderPlace {
    const order = this.#order
    if (start === undefined) return this.#reverse ? order.end() : order.seek(undefined)
    const place = order.seek(start.key)
    if (start.inclusive === this.#reverse) {
      while (this.#isAt(order.entryAt(place), start.key)) order.next(place)
    }
    return place
  }

  #listStart(list: Int32Array, start: WalkStart | undefined): number {
    if (start === undefined) return this.#reverse ? list.length : 0
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#entries.compareTo(list[middle]!, start.key) < 0) low = middle + 1
      else high = middle
    }
    if (start.inclusive === this.#reverse) {
      while (low < list.length && this.#isAt(list[low]!, start.key)) low++
    }
    return low
  }

  #isAt(entry: number, key: KeyWords): boolean {
    return entry !== 0 && this.#entries.compareTo(entry, key) === 0
  }
}
