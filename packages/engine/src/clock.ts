import { performance } from 'node:perf_hooks'

/** The engine's door to time. Tests bring their own. */
export interface Clock {
  /** Wall clock, ms since the epoch. May jump. */
  now(): number
  /** ms since some start, with fractions. Never goes back. */
  monotonic(): number
  /** Calls `run` once, `ms` from now. Keeps the process alive only if told to. Returns what cancels it. */
  after(ms: number, run: () => void, keepsAlive?: boolean): () => void
  /** Resolves in a later turn of the event loop: long work calls it between its slices. */
  nextTurn(): Promise<void>
}

/** The real one: `Date.now`, `performance.now`, timers and turns of Node. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, run, keepsAlive = false) {
    const timer = setTimeout(run, ms)
    if (!keepsAlive) timer.unref()
    return () => clearTimeout(timer)
  },
  nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
}
