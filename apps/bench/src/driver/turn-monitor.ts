import { Latencies } from './latencies.ts'

const periodMs = 1

/**
 * How long the event loop was kept from turning: a timer of 1 ms, and by how much it came too late. A pause
 * counts for every ms of it, as everything that came up in it had to wait.
 */
export class TurnMonitor {
  readonly #pauses = new Latencies()
  readonly #timer: NodeJS.Timeout
  #lastAt = performance.now()

  constructor() {
    this.#timer = setInterval(() => this.#tick(), periodMs)
  }

  /** In ms; the pause that is just ending included. */
  stop(): { stallP999: number; stallMax: number } {
    this.#tick()
    clearInterval(this.#timer)
    const { p999 = 0, max = 0 } = this.#pauses.summary()
    return { stallP999: p999, stallMax: max }
  }

  #tick(): void {
    const now = performance.now()
    this.#pauses.recordPause(now - this.#lastAt - periodMs, periodMs)
    this.#lastAt = now
  }
}
