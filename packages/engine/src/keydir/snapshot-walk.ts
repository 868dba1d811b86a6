import type { Entries } from './entries.ts'
import type { EntryWalk } from './entry-scan.ts'
import { isSeenAsOf } from './kept-versions.ts'
import type { OrderWalk } from './order-walk.ts'

/** Walks the keydir and the versions kept beside it as one, and stops at what a view as of `index` sees. */
export class SnapshotWalk implements EntryWalk {
  entry = 0
  readonly #entries: Entries
  readonly #index: number
  readonly #current: OrderWalk
  readonly #kept: OrderWalk

  constructor(entries: Entries, index: number, current: OrderWalk, kept: OrderWalk) {
    this.#entries = entries
    this.#index = index
    this.#current = current
    this.#kept = kept
    this.advance()
  }

  advance(): void {
    do {
      const ahead = this.#current.isAheadOf(this.#kept) ? this.#current : this.#kept
      this.entry = ahead.entry
      ahead.advance()
    } while (this.entry !== 0 && !isSeenAsOf(this.#entries, this.entry, this.#index))
  }
}
