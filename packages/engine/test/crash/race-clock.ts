import type { Clock } from '../../src/clock.ts'
import type { RaceScheduler } from './race-scheduler.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Time goes on by a fixed step each time somebody looks, and to the next timer when {@link fireNext} is called. */
export class RaceClock implements Clock {
  readonly #scheduler: RaceScheduler
  readonly #stepMs: number
  #ms = 1_700_000_000_000
  #timers: Timer[] = []

  constructor(scheduler: RaceScheduler, stepMs: number) {
    this.#scheduler = scheduler
    this.#stepMs = stepMs
  }

  now(): number {
    return Math.floor(this.#ms)
  }

  monotonic(): number {
    this.#ms += this.#stepMs
    return this.#ms
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#ms + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((waiting) => waiting !== timer)
    }
  }

  nextTurn(): Promise<void> {
    return this.#scheduler.laterTurn()
  }

  /** Runs the timer that is due first. False when there is none. */
  fireNext(): boolean {
    const [first] = this.#timers.toSorted((a, b) => a.at - b.at)
    if (first === undefined) return false
    this.#timers = this.#timers.filter((waiting) => waiting !== first)
    this.#ms = Math.max(this.#ms, first.at)
    first.run()
    return true
  }
}
