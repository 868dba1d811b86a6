import { monitorEventLoopDelay } from 'node:perf_hooks'

const resolutionMs = 1

/** How long the event loop was kept from turning, seen by a timer of 1 ms. */
export class TurnMonitor {
  readonly #delay = monitorEventLoopDelay({ resolution: resolutionMs })

  constructor() {
    this.#delay.enable()
  }

  /** In ms, less the timer's own period. */
  stop(): { stallP999: number; stallMax: number } {
    this.#delay.disable()
    return {
      stallP999: overPeriod(this.#delay.percentile(99.9)),
      stallMax: overPeriod(this.#delay.max),
    }
  }
}

function overPeriod(ns: number): number {
  return Math.max(0, ns / 1e6 - resolutionMs)
}
