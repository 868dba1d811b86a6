import { quantileSorted } from 'simple-statistics'
import type { Timeline } from '../results/run-file.ts'

/**
 * Latencies with their moments, kept in memory that is there before the clock starts and sorted into slices
 * afterwards, so that measuring does not disturb what is measured. What does not fit is not kept.
 */
export class TimelineRecorder {
  readonly #atMs: Float32Array
  readonly #latencyMs: Float32Array
  readonly #startedAt: number
  #count = 0

  /** `startedAt` as of `performance.now()`. */
  constructor(operationsMax: number, startedAt: number) {
    this.#atMs = new Float32Array(operationsMax)
    this.#latencyMs = new Float32Array(operationsMax)
    this.#startedAt = startedAt
  }

  record(endedAt: number, latencyMs: number): void {
    if (this.#count === this.#atMs.length) return
    this.#atMs[this.#count] = endedAt - this.#startedAt
    this.#latencyMs[this.#count++] = latencyMs
  }

  /** Slices without an operation are null. */
  timeline(sliceMs: number): Timeline {
    const slices: number[][] = []
    for (let at = 0; at < this.#count; at++) {
      const slice = Math.max(0, Math.floor(this.#atMs[at]! / sliceMs))
      const latencies = (slices[slice] ??= [])
      latencies.push(this.#latencyMs[at]!)
    }
    const full = Array.from(slices, (slice) => slice?.sort((a, b) => a - b) ?? [])
    const at = (share: number) =>
      full.map((slice) => (slice.length === 0 ? null : rounded(quantileSorted(slice, share))))
    return { sliceMs, p50: at(0.5), p99: at(0.99), max: at(1), events: [] }
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000
}
