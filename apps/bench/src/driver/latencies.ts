import type { Histogram } from 'hdr-histogram-js'
import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js'
import type { Sample } from '../results/run-file.ts'

const longestMs = 600_000

/** Latencies of one step: an HDR histogram of whole µs with three digits, up to ten minutes. */
export class Latencies {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: longestMs * 1_000,
    numberOfSignificantValueDigits: 3,
  })

  record(ms: number): void {
    this.#histogram.recordValue(Math.min(longestMs, Math.max(0.001, ms)) * 1_000)
  }

  /**
   * As {@link record}, and also what would have been waiting meanwhile: a pause of 50 ms keeps 50 things of one
   * every ms, for 50, 49, 48 ms and so on.
   */
  recordPause(ms: number, everyMs: number): void {
    const us = Math.min(longestMs, Math.max(0.001, ms)) * 1_000
    this.#histogram.recordValueWithExpectedInterval(us, everyMs * 1_000)
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  /** In ms; empty when nothing was recorded. */
  summary(): Sample['values'] {
    if (this.count === 0) return {}
    const at = (percent: number): number => this.#histogram.getValueAtPercentile(percent) / 1_000
    return {
      mean: this.#histogram.mean / 1_000,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: this.#histogram.maxValue / 1_000,
    }
  }

  /** As a run file keeps it. */
  encoded(): string {
    return encodeIntoCompressedBase64(this.#histogram)
  }
}
