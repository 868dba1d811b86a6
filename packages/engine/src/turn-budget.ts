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

  /**
   * Spends `units` of this turn, or returns a promise of the next turn when there is nothing left: then ask again.
   * What is worth more than a turn has is let through when there is anything left at all.
   */
  spend(units: number): Promise<void> | undefined {
    if (this.#spent >= this.#unitsPerTurn) return this.#nextTurn
    this.charge(units)
    return undefined
  }

  /** Spends `units` for what was done already. */
  charge(units: number): void {
    this.#spent += units
    this.#nextTurn ??= this.#startTurn()
  }

  async #startTurn(): Promise<void> {
    await this.#clock.nextTurn()
    this.#spent = 0
    this.#nextTurn = undefined
  }
}
