import type { SeededRandom } from '../../src/file-system/seeded-random.ts'

/** One in so many waits long: others overtake it again and again. */
const oneInSlow = 4
/** One in so many picks takes one that waits long before its time. */
const oneInEarly = 12
/** One in so many does not wait at all. */
const oneInAtOnce = 3

/**
 * Decides in which order goes on what is under way: whoever waits at one of the engine's doors goes on when the
 * seed says so. Until {@link begin} nobody waits.
 */
export class RaceScheduler {
  readonly #random: SeededRandom
  readonly #waiting: (() => void)[] = []
  readonly #waitingLong: (() => void)[] = []
  #isRacing = false
  /** How often somebody was let go on. */
  steps = 0
  /** How often one went on that had not waited the longest. */
  overtakings = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  begin(): void {
    this.#isRacing = true
  }

  /** Resolves when it is the caller's turn. */
  turn(): Promise<void> {
    if (!this.#isRacing || this.#random.below(oneInAtOnce) === 0) return Promise.resolve()
    return this.laterTurn()
  }

  /** As {@link turn}, and never at once. */
  laterTurn(): Promise<void> {
    if (!this.#isRacing) return Promise.resolve()
    const isSlow = this.#random.below(oneInSlow) === 0
    return new Promise((resolve) => (isSlow ? this.#waitingLong : this.#waiting).push(resolve))
  }

  /** Lets one of those that wait go on. False when nobody waits. */
  step(): boolean {
    const isEarly = this.#waitingLong.length > 0 && this.#random.below(oneInEarly) === 0
    const from = this.#waiting.length === 0 || isEarly ? this.#waitingLong : this.#waiting
    if (from.length === 0) return false
    const place = this.#random.below(from.length)
    if (place > 0 || isEarly) this.overtakings++
    const [resolve] = from.splice(place, 1)
    this.steps++
    resolve!()
    return true
  }
}
