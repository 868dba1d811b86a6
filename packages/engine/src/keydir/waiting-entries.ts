import type { Entries } from './entries.ts'
import { sortEntries, sortedEntriesMax } from './sort-entries.ts'

/**
 * Entries that wait to enter the order or to leave it, bounded in number. They come as they come and are
 * taken in key order, one sweep after the other: neighbours are near each other in the order's memory.
 */
export class WaitingEntries {
  readonly capacity: number
  readonly #entries: Entries
  /** As they came. */
  readonly #tail = new Int32Array(sortedEntriesMax)
  #tailLength = 0
  /** Sorted, for the next sweep. */
  #arrived: Int32Array = new Int32Array(0)
  #arrivedLength = 0
  /** Sorted, of the sweep under way. */
  #swept: Int32Array = new Int32Array(0)
  #sweptStart = 0
  #sweptEnd = 0
  #spare: Int32Array = new Int32Array(0)

  constructor(entries: Entries, capacity: number) {
    this.#entries = entries
    this.capacity = capacity
  }

  get length(): number {
    return this.#tailLength + this.#arrivedLength + this.#sweptEnd - this.#sweptStart
  }

  add(entry: number): void {
    this.#tail[this.#tailLength++] = entry
    if (this.#tailLength === sortedEntriesMax) this.#sortTail()
  }

  clear(): void {
    this.#tailLength = 0
    this.#arrivedLength = 0
    this.#sweptStart = 0
    this.#sweptEnd = 0
  }

  /** The next in the sweep, or 0 when none waits. */
  take(): number {
    if (this.#sweptStart === this.#sweptEnd) this.#beginSweep()
    if (this.#sweptStart === this.#sweptEnd) return 0
    return this.#swept[this.#sweptStart++]!
  }

  /** The one that came last, or 0 when what has come is in a sorted list by now. */
  takeLast(): number {
    return this.#tailLength === 0 ? 0 : this.#tail[--this.#tailLength]!
  }

  /** All that waits, as sorted lists. Good until the next change. */
  sorted(): Int32Array[] {
    this.#sortTail()
    return [
      this.#arrived.subarray(0, this.#arrivedLength),
      this.#swept.subarray(this.#sweptStart, this.#sweptEnd),
    ].filter(({ length }) => length > 0)
  }

  #beginSweep(): void {
    this.#sortTail()
    const empty = this.#swept
    this.#swept = this.#arrived
    this.#sweptStart = 0
    this.#sweptEnd = this.#arrivedLength
    this.#arrived = empty
    this.#arrivedLength = 0
  }

  /** Merges what came last into what arrived before. */
  #sortTail(): void {
    const count = this.#tailLength
    if (count === 0) return
    this.#tailLength = 0
    const tail = this.#tail
    const entries = this.#entries
    sortEntries(entries, tail, 0, count)
    const arrived = this.#arrived
    const arrivedLength = this.#arrivedLength
    const length = arrivedLength + count
    const target = this.#spare.length < length ? new Int32Array(length * 2) : this.#spare
    let from = 0
    let at = 0
    for (let i = 0; i < count; i++) {
      const entry = tail[i]!
      while (from < arrivedLength && entries.compare(arrived[from]!, entry) <= 0) {
        target[at++] = arrived[from++]!
      }
      target[at++] = entry
    }
    target.set(arrived.subarray(from, arrivedLength), at)
    this.#spare = arrived
    this.#arrived = target
    this.#arrivedLength = length
  }
}
