import type { Clock } from './clock.ts'

/**
 * Bounds what is done in one turn of the event loop by callers who do not know of each other: what is quick never
 * leaves the turn by itself, and a loop of such calls would keep everybody else waiting.
 */
export class TurnBudget {
  readonly #clock: Clock
  readonly #unitsPerTurn: number
  #spent = 0
  #nextTurn: Promise<void> | undefined

  constructor(clock: Clock, unitsPerTurn: number) {
    this.#clock = clock
    this.#unitsPerTurn = unitsPerTurn
  }

  /** Spends `units` of this turn. A promise of the next turn when they were more than it has. */
  spend(units: number): Promise<void> | undefined {
    this.#spent += units
    this.#nextTurn ??= this.#startTurn()
    return this.#spent > this.#unitsPerTurn ? this.#nextTurn : undefined
  }

  async #startTurn(): Promise<void> {
    await this.#clock.nextTurn()
    this.#spent = 0
    this.#nextTurn = undefined
  }
}
