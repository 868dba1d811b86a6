import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** Times of one kind, in ms. */
export interface LatencySummary {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** A histogram of times, with a relative error of at most 1 %, in constant memory. */
export class LatencyHistogram {
  readonly #nanoseconds: RecordableHistogram = createHistogram({ lowest: 1, figures: 2 })

  record(ms: number): void {
    this.#nanoseconds.record(Math.max(1, Math.round(ms * 1e6)))
  }

  summary(): LatencySummary {
    const { count } = this.#nanoseconds
    if (count === 0) return { count, p50Ms: 0, p99Ms: 0, maxMs: 0 }
    return {
      count,
      p50Ms: this.#nanoseconds.percentile(50) / 1e6,
      p99Ms: this.#nanoseconds.percentile(99) / 1e6,
      maxMs: this.#nanoseconds.max / 1e6,
    }
  }
}
