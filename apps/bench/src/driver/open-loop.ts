import { Measurement, type StepResult } from './measurement.ts'
import type { Operation } from './operations.ts'

export interface OpenLoop {
  /** Operations a second, evenly spaced, whether or not earlier ones have been answered. */
  readonly rate: number
  readonly warmupMs: number
  readonly measureMs: number
  /** With more unanswered, the store cannot keep up, and the loop gives up. */
  readonly outstandingMax: number
  readonly timelineMax?: number
  readonly stop?: AbortSignal
}

/**
 * Latency: every operation has an intended start, and its latency counts from there, so that a stall is felt
 * by all that should have started during it (no coordinated omission: G. Tene, "How NOT to Measure Latency").
 * The loop turns without a pause and takes a core, because timers are too coarse for such intervals.
 */
export function openLoop(operation: Operation, options: OpenLoop): Promise<StepResult> {
  const { rate, warmupMs, measureMs, outstandingMax, stop } = options
  const intervalMs = 1_000 / rate
  const measurement = new Measurement(options.timelineMax ?? 0)
  const firstAt = performance.now()
  const beginAt = firstAt + warmupMs
  const endAt = beginAt + measureMs
  let hasBegun = false
  let sent = 0
  let outstanding = 0
  let isOverloaded = false

  const send = (intendedAt: number): void => {
    outstanding++
    if (hasBegun) measurement.sentLate(performance.now() - intendedAt)
    void new Promise<number>((answer) => {
      answer(operation())
    })
      .then(
        (entries) => measurement.succeeded(intendedAt, performance.now(), entries),
        (error: unknown) => measurement.failed(error),
      )
      .finally(() => {
        outstanding--
      })
  }

  const sendDue = (now: number): void => {
    for (;;) {
      const intendedAt = firstAt + sent * intervalMs
      if (intendedAt > now || intendedAt >= endAt) return
      if (outstanding >= outstandingMax) {
        isOverloaded = true
        return
      }
      sent++
      send(intendedAt)
    }
  }

  return new Promise((resolve) => {
    const turn = (): void => {
      const now = performance.now()
      if (!hasBegun && now >= beginAt) {
        hasBegun = true
        measurement.begin(beginAt)
      }
      const isSending = !isOverloaded && stop?.aborted !== true
      if (isSending) sendDue(now)
      if ((isSending && now < endAt) || outstanding > 0) {
        setImmediate(turn)
        return
      }
      if (!hasBegun) measurement.begin(now)
      resolve(measurement.end(isOverloaded))
    }

    turn()
  })
}
