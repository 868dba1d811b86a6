import { performance } from 'node:perf_hooks'

/** The engine's door to time. Tests bring their own. */
export interface Clock {
  /** Wall clock, ms since the epoch. May jump. */
  now(): number
  /** ms since some start, with fractions. Never goes back. */
  monotonic(): number
  /** Calls `run` once, `ms` from now. Does not keep the process alive. Returns what cancels it. */
  after(ms: number, run: () => void): () => void
  /** Resolves in a later turn of the event loop: long work calls it between its slices. */
  nextTurn(): Promise<void>
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return () => clearTimeout(timer)
  },
  nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
}
