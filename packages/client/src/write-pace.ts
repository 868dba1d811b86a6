import type { Request } from '@kv/protocol'

/** Each write of a turn takes so many times as many requests as the one before. */
const growth = 4

/**
 * Decides when gathered requests leave before the turn of the event loop ends: the first at once, then four, sixteen and so
 * on. So the server works on the first while the rest is made, and a turn of n requests costs log n writes.
 *
 * Not where writes wait for a disk or other nodes, as they ask for or as the last answer to one says: there a few that came
 * first would be synced alone, and all others wait for that sync before their own.
 */
export class WritePace {
  #gathered = 0
  #gatheredMax = 1
  #holdsSlow = false
  #areWritesQuick = false

  /** A request was gathered. Returns whether what is gathered is to be written now. */
  gathered(request: Request): boolean {
    this.#holdsSlow ||= this.#isSlow(request)
    if (++this.#gathered < this.#gatheredMax || this.#holdsSlow) return false
    this.#gathered = 0
    this.#gatheredMax *= growth
    return true
  }

  /** All that was gathered is written. */
  turnEnded(): void {
    this.#gathered = 0
    this.#gatheredMax = 1
    this.#holdsSlow = false
  }

  /** A write was answered; `isQuick`: when the system had it. */
  writeAnswered(isQuick: boolean): void {
    this.#areWritesQuick = isQuick
  }

  #isSlow(request: Request): boolean {
    const { kind } = request
    if (kind !== 'put' && kind !== 'delete' && kind !== 'batch') return false
    const wish = request.options?.durability
    return !this.#areWritesQuick || (wish !== undefined && wish !== 'written')
  }
}
