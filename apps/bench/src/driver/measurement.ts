import type { ProfileLine, Timeline } from '../results/run-file.ts'
import { Latencies } from './latencies.ts'
import { TimelineRecorder } from './timeline-recorder.ts'

/** What a step measured, as the driver reports it. */
export interface StepResult {
  /** Answers within the window, whenever their operations began: so that slow answers are not lost at its ends. */
  readonly operations: number
  /** Keys written or read by them. */
  readonly entries: number
  /** Length of the window. */
  readonly seconds: number
  /** In ms, of all operations that began within the window, also when they were answered after it. */
  readonly latency: Readonly<Record<string, number>>
  readonly histogram: string
  /** CPU time of the driver's process within the window, in seconds. */
  readonly cpuSeconds: number
  /** Open loop: how late the driver itself sent, 99th percentile in ms. */
  readonly lateP99?: number
  /** Open loop: so many were outstanding that it gave up. */
  readonly isOverloaded?: boolean
  readonly timeline?: Timeline
  readonly profile?: readonly ProfileLine[]
  /** Start of the window, in ms since the epoch. */
  readonly startedAtMs: number
  /** Failed and unanswered operations, and the first failure. */
  readonly errors: number
  readonly firstError?: string
}

const timelineSliceMs = 100

/** Collects one step: what falls into the window that `begin` opens and `end` closes. */
export class Measurement {
  readonly #latencies = new Latencies()
  readonly #late = new Latencies()
  readonly #timelineMax: number
  #timeline: TimelineRecorder | undefined
  #cpuAtBegin = process.cpuUsage()
  #cpuSeconds = 0
  #beginAt = Infinity
  #endAt = Infinity
  #operations = 0
  #entries = 0
  #errors = 0
  #firstError: unknown

  /** With `timelineMax` above 0, latencies over time are kept of so many operations. */
  constructor(timelineMax: number) {
    this.#timelineMax = timelineMax
  }

  get hasBegun(): boolean {
    return this.#beginAt !== Infinity
  }

  get hasEnded(): boolean {
    return this.#endAt !== Infinity
  }

  get failures(): number {
    return this.#errors
  }

  /** Opens the window at `at`, as of `performance.now()`. */
  begin(at: number): void {
    this.#beginAt = at
    this.#cpuAtBegin = process.cpuUsage()
    if (this.#timelineMax > 0) this.#timeline = new TimelineRecorder(this.#timelineMax, at)
  }

  /** Closes the window at `at`; answers to what began in it still count for the latencies. */
  end(at: number): void {
    if (!this.hasBegun) this.begin(at)
    if (this.hasEnded) return
    this.#endAt = at
    const { user, system } = process.cpuUsage(this.#cpuAtBegin)
    this.#cpuSeconds = (user + system) / 1e6
  }

  /** An operation ended well at `answeredAt` that began, or should have begun, at `startedAt`. */
  succeeded(startedAt: number, answeredAt: number, entries: number): void {
    if (answeredAt >= this.#beginAt && answeredAt <= this.#endAt) {
      this.#operations++
      this.#entries += entries
    }
    if (startedAt < this.#beginAt || startedAt > this.#endAt) return
    this.#latencies.record(answeredAt - startedAt)
    this.#timeline?.record(answeredAt, answeredAt - startedAt)
  }

  /** The driver sent an operation `ms` after its time. */
  sentLate(ms: number): void {
    this.#late.record(ms)
  }

  failed(error: unknown): void {
    this.#errors++
    this.#firstError ??= error
  }

  result(isOverloaded?: boolean): StepResult {
    const { p99: lateP99 } = this.#late.summary()
    return {
      operations: this.#operations,
      entries: this.#entries,
      seconds: (this.#endAt - this.#beginAt) / 1_000,
      latency: this.#latencies.summary(),
      histogram: this.#latencies.encoded(),
      cpuSeconds: this.#cpuSeconds,
      startedAtMs: performance.timeOrigin + this.#beginAt,
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
