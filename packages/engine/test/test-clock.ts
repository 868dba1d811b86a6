import type { Clock } from '../src/clock.ts'

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Time that moves only when it is told to. A turn of the event loop is a microtask. */
export class TestClock implements Clock {
  #ms: number
  #timers: Timer[] = []

  constructor(ms = 1_700_000_000_000) {
    this.#ms = ms
  }

  now(): number {
    return this.#ms
  }

  monotonic(): number {
    return this.#ms
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#ms + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((waiting) => waiting !== timer)
    }
  }

  async nextTurn(): Promise<void> {}

  /** Lets time pass, and runs the timers that are due. */
  advance(ms: number): void {
    this.#ms += ms
    const due = this.#timers.filter(({ at }) => at <= this.#ms)
    this.#timers = this.#timers.filter(({ at }) => at > this.#ms)
    for (const { run } of due) run()
  }
}
