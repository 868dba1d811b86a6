import type { Timeline } from '../results/run-file.ts'
import { Latencies } from './latencies.ts'
import { TimelineRecorder } from './timeline-recorder.ts'

/** What a step measured, as the driver reports it. */
export interface StepResult {
  readonly operations: number
  /** Keys written or read. */
  readonly entries: number
  readonly seconds: number
  readonly latency: Readonly<Record<string, number>>
  readonly histogram: string
  /** CPU time of the driver's process, in seconds. */
  readonly cpuSeconds: number
  /** Open loop: how late the driver itself sent, 99th percentile in ms. */
  readonly lateP99?: number
  /** Open loop: so many were outstanding that it gave up. */
  readonly isOverloaded?: boolean
  readonly timeline?: Timeline
  /** Start of the measuring, in ms since the epoch. */
  readonly startedAtMs: number
  /** Failed operations, and the first failure. */
  readonly errors: number
  readonly firstError?: string
}

const timelineSliceMs = 100

/** Collects one step: what is recorded between `begin` and `end`. */
export class Measurement {
  readonly #latencies = new Latencies()
  readonly #late = new Latencies()
  readonly #timelineMax: number
  #timeline: TimelineRecorder | undefined
  #cpu = process.cpuUsage()
  #startedAt = Infinity
  #startedAtMs = 0
  #entries = 0
  #errors = 0
  #firstError: unknown

  /** With `timelineMax` above 0, latencies over time are kept of so many operations. */
  constructor(timelineMax: number) {
    this.#timelineMax = timelineMax
  }

  /** Operations count that start from `startedAt` on, as of `performance.now()`. */
  begin(startedAt: number): void {
    this.#startedAt = startedAt
    this.#startedAtMs = performance.timeOrigin + this.#startedAt
    this.#cpu = process.cpuUsage()
    if (this.#timelineMax > 0) {
      this.#timeline = new TimelineRecorder(this.#timelineMax, this.#startedAt)
    }
  }

  /** An operation ended well at `endedAt` that began, or should have begun, at `startedAt`. */
  succeeded(startedAt: number, endedAt: number, entries: number): void {
    if (startedAt < this.#startedAt) return
    this.#latencies.record(endedAt - startedAt)
    this.#entries += entries
    this.#timeline?.record(endedAt, endedAt - startedAt)
  }

  /** The driver sent an operation `ms` after its time. */
  sentLate(ms: number): void {
    this.#late.record(ms)
  }

  failed(error: unknown): void {
    this.#errors++
    this.#firstError ??= error
  }

  get failures(): number {
    return this.#errors
  }

  end(isOverloaded?: boolean): StepResult {
    const seconds = (performance.now() - this.#startedAt) / 1_000
    const { user, system } = process.cpuUsage(this.#cpu)
    const { p99: lateP99 } = this.#late.summary()
    return {
      operations: this.#latencies.count,
      entries: this.#entries,
      seconds,
      latency: this.#latencies.summary(),
      histogram: this.#latencies.encoded(),
      cpuSeconds: (user + system) / 1e6,
      startedAtMs: this.#startedAtMs,
      errors: this.#errors,
      ...(lateP99 === undefined ? {} : { lateP99 }),
      ...(isOverloaded === undefined ? {} : { isOverloaded }),
      ...(this.#timeline === undefined
        ? {}
        : { timeline: this.#timeline.timeline(timelineSliceMs) }),
      ...(this.#errors === 0 ? {} : { firstError: messageOf(this.#firstError) }),
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
