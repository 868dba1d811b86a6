import { Measurement, type StepResult } from './measurement.ts'
import { isPromise, type Operation } from './operations.ts'

export interface ClosedLoop {
  /** Operations under way at any time: each answer starts the next. */
  readonly inFlight: number
  readonly warmupMs: number
  readonly measureMs: number
  /**
   * For operations that run out of keys: so many are started in all, the warm-up takes a fifth of them at most,
   * and the window ends with the last answer.
   */
  readonly operationsMax?: number
  /**
   * After so many operations without a turn of the event loop, the next waits for one: for libraries that
   * answer in the same turn, which would otherwise keep the loop from their own input and output.
   */
  readonly operationsPerTurn?: number
  readonly timelineMax?: number
  /** For answers that are still to come when the window ends; then they count as failed. Default 60,000. */
  readonly graceMs?: number
  readonly stop?: AbortSignal
}

const warmupShareMax = 1 / 5
export const graceMsDefault = 60_000

/**
 * Throughput: `inFlight` lanes, each of which starts its next operation when its last was answered. The first
 * failure ends it.
 */
export function closedLoop(operation: Operation, options: ClosedLoop): Promise<StepResult> {
  const { inFlight, warmupMs, measureMs, operationsPerTurn = Infinity } = options
  const { operationsMax = Infinity, stop, graceMs = graceMsDefault } = options
  const measurement = new Measurement(options.timelineMax ?? 0)
  const beginAt = performance.now() + warmupMs
  let endAt = beginAt + measureMs
  let started = 0
  let inTurn = 0
  let lanes = inFlight

  return new Promise((resolve) => {
    const resolveNow = (): void => {
      clearTimeout(limit)
      resolve(measurement.result())
    }

    const limit = setTimeout(
      () => {
        measurement.end(endAt)
        measurement.failed(new Error(`${lanes} operations were not answered within ${graceMs} ms`))
        resolveNow()
      },
      warmupMs + measureMs + graceMs,
    )

    const laneEnds = (): void => {
      lanes--
      const now = performance.now()
      if (now >= endAt) measurement.end(endAt)
      else if (lanes === 0 || measurement.failures > 0 || stop?.aborted === true) {
        measurement.end(now)
      }
      if (lanes === 0) resolveNow()
    }

    const fail = (error: unknown): void => {
      measurement.failed(error)
      laneEnds()
    }

    const lane = (): void => {
      for (;;) {
        const startedAt = performance.now()
        const isWarm = startedAt >= beginAt || started >= operationsMax * warmupShareMax
        if (isWarm && !measurement.hasBegun) {
          measurement.begin(startedAt)
          endAt = startedAt + measureMs
        }
        const isOver = startedAt >= endAt || started >= operationsMax || stop?.aborted === true
        if (isOver || measurement.failures > 0) return laneEnds()
        if (++inTurn > operationsPerTurn) {
          setImmediate(nextTurn)
          return
        }
        started++
        let answer: ReturnType<Operation>
        try {
          answer = operation()
        } catch (error) {
          return fail(error)
        }
        if (isPromise(answer)) {
          answer.then((entries) => {
            measurement.succeeded(startedAt, performance.now(), entries)
            return lane()
          }, fail)
          return
        }
        measurement.succeeded(startedAt, performance.now(), answer)
      }
    }

    const nextTurn = (): void => {
      inTurn = 0
      lane()
    }

    for (let index = 0; index < inFlight; index++) lane()
  })
}
