import type { Clock } from '../../src/clock.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/**
 * Time that goes on by a fixed step each time somebody looks, so that intervals pass without a wait. Timers
 * that are due run in a microtask, and so do turns of the event loop.
 */
export class SteppingClock implements Clock {
  readonly #stepMs: number
  #ms = 1_700_000_000_000
  #timers: Timer[] = []

  constructor(stepMs = 5) {
    this.#stepMs = stepMs
  }

  now(): number {
    return this.#step()
  }

  monotonic(): number {
    return this.#step()
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#ms + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((waiting) => waiting !== timer)
    }
  }

  async nextTurn(): Promise<void> {}

  #step(): number {
    this.#ms += this.#stepMs
    if (this.#timers.some(({ at }) => at <= this.#ms)) {
      const due = this.#timers.filter(({ at }) => at <= this.#ms)
      this.#timers = this.#timers.filter(({ at }) => at > this.#ms)
      for (const { run } of due) queueMicrotask(run)
    }
    return this.#ms
  }
}
