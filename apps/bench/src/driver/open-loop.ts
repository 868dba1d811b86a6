import { graceMsDefault } from './closed-loop.ts'
import { Measurement, type StepResult } from './measurement.ts'
import type { Operation } from './operations.ts'

export interface OpenLoop {
  /** Operations a second, evenly spaced, whether or not earlier ones have been answered. */
  readonly rate: number
  readonly warmupMs: number
  readonly measureMs: number
  /** With so many unanswered, the store does not keep up. */
  readonly outstandingMax: number
  /**
   * What then happens. `give-up` ends the loop, for a search of rates. `wait` sends what is due as soon as there
   * is room: its latency counts from when it should have been sent, so nothing is left out.
   */
  readonly whenFull: 'give-up' | 'wait'
  readonly timelineMax?: number
  /** For answers that are still to come when the window ends; then they count as failed. Default 60,000. */
  readonly graceMs?: number
  readonly stop?: AbortSignal
}

/**
 * Latency: every operation has an intended start, and its latency counts from there, so that a stall is felt
 * by all that should have started during it (no coordinated omission: G. Tene, "How NOT to Measure Latency").
 * The loop turns without a pause and takes a core, because timers are too coarse for such intervals.
 */
export function openLoop(operation: Operation, options: OpenLoop): Promise<StepResult> {
  const { rate, warmupMs, measureMs, outstandingMax, whenFull, stop } = options
  const { graceMs = graceMsDefault } = options
  const intervalMs = 1_000 / rate
  const measurement = new Measurement(options.timelineMax ?? 0)
  const firstAt = performance.now()
  const beginAt = firstAt + warmupMs
  let endAt = beginAt + measureMs
  let sent = 0
  let outstanding = 0
  let isOverloaded = false

  const dueAt = (): number => firstAt + sent * intervalMs

  const send = (intendedAt: number): void => {
    sent++
    outstanding++
    if (measurement.hasBegun) measurement.sentLate(performance.now() - intendedAt)
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
    for (let at = dueAt(); at <= now && at < endAt; at = dueAt()) {
      if (outstanding >= outstandingMax) {
        isOverloaded = whenFull === 'give-up'
        return
      }
      send(at)
    }
  }

  return new Promise((resolve) => {
    const turn = (): void => {
      const now = performance.now()
      if (!measurement.hasBegun && now >= beginAt) measurement.begin(beginAt)
      if (stop?.aborted === true || isOverloaded) endAt = Math.min(endAt, now)
      if (!isOverloaded) sendDue(now)
      if (now >= endAt) measurement.end(endAt)
      const isSent = isOverloaded || dueAt() >= endAt
      if (now >= endAt && isSent && outstanding === 0) {
        resolve(measurement.result(isOverloaded))
      } else if (now >= endAt + graceMs) {
        measurement.failed(
          new Error(`${outstanding} operations were not answered within ${graceMs} ms`),
        )
        resolve(measurement.result(isOverloaded))
      } else setImmediate(turn)
    }

    turn()
  })
}
