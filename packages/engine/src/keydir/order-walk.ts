import type { Entries } from './entries.ts'
import type { KeyOrder, OrderPlace } from './key-order.ts'
import type { KeyWords } from './key-words.ts'

/** Where a walk starts or ends. */
export interface WalkLimit {
  readonly key: KeyWords
  readonly inclusive: boolean
}

/** Walks an order from one limit to another, forwards or in reverse. The order must not change meanwhile. */
export class OrderWalk {
  /** Where it stands: an entry, or 0 at the end. */
  entry: number
  readonly #entries: Entries
  readonly #order: KeyOrder
  readonly #end: WalkLimit | undefined
  readonly #reverse: boolean
  readonly #place: OrderPlace
  /** Entries to come that memory was asked for. */
  #fetched = 0

  constructor(
    entries: Entries,
    order: KeyOrder,
    lower: WalkLimit | undefined,
    upper: WalkLimit | undefined,
    reverse: boolean,
  ) {
    this.#entries = entries
    this.#order = order
    this.#end = reverse ? lower : upper
    this.#reverse = reverse
    this.#place = this.#startAt(reverse ? upper : lower)
    this.entry = this.#next()
  }

  advance(): void {
    this.entry = this.#next()
  }

  /** Whether it stands before another walk in the same direction, or that one has ended. */
  isAheadOf(other: OrderWalk): boolean {
    if (this.entry === 0 || other.entry === 0) return other.entry === 0
    const order = this.#entries.compare(this.entry, other.entry)
    return this.#reverse ? order > 0 : order < 0
  }

  #next(): number {
    if (this.#fetched === 0) this.#fetched = this.#order.fetchAhead(this.#place, this.#reverse)
    this.#fetched--
    const entry = this.#reverse ? this.#order.previous(this.#place) : this.#order.next(this.#place)
    if (entry === 0 || this.#end === undefined) return entry
    const order = this.#entries.compareTo(entry, this.#end.key)
    const isOver = order === 0 ? !this.#end.inclusive : order > 0 !== this.#reverse
    return isOver ? 0 : entry
  }

  #startAt(start: WalkLimit | undefined): OrderPlace {
    const order = this.#order
    if (start === undefined) return this.#reverse ? order.end() : order.seek(undefined)
    const place = order.seek(start.key)
    if (start.inclusive === this.#reverse) {
      while (this.#isAt(order.entryAt(place), start.key)) order.next(place)
    }
    return place
  }

  #isAt(entry: number, key: KeyWords): boolean {
    return entry !== 0 && this.#entries.compareTo(entry, key) === 0
  }
}
