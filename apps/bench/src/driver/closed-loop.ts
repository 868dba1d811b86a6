import { Measurement, type StepResult } from './measurement.ts'
import { isPromise, type Operation } from './operations.ts'

export interface ClosedLoop {
  /** Operations under way at any time: each answer starts the next. */
  readonly inFlight: number
  readonly warmupMs: number
  readonly measureMs: number
  /** Ends early when so many were started, for operations that run out of keys. */
  readonly operationsMax?: number
  /**
   * After so many operations without a turn of the event loop, the next waits for one: for libraries that
   * answer in the same turn, which would otherwise keep the loop from their own input and output.
   */
  readonly operationsPerTurn?: number
  readonly timelineMax?: number
  readonly stop?: AbortSignal
}

/**
 * Throughput: `inFlight` lanes, each of which starts its next operation when its last was answered. The first
 * failure ends it. What began in the warm-up does not count.
 */
export function closedLoop(operation: Operation, options: ClosedLoop): Promise<StepResult> {
  const { inFlight, warmupMs, measureMs, operationsPerTurn = Infinity } = options
  const { operationsMax = Infinity, stop } = options
  const measurement = new Measurement(options.timelineMax ?? 0)
  const beginAt = performance.now() + warmupMs
  let endAt = beginAt + measureMs
  let hasBegun = false
  let started = 0
  let inTurn = 0
  let lanes = inFlight

  return new Promise((resolve) => {
    let result: StepResult | undefined

    /** The measuring ends with its time, before the last answers have come. */
    const laneEnds = (): void => {
      if (!hasBegun) measurement.begin(performance.now())
      hasBegun = true
      result ??= measurement.end()
      if (--lanes === 0) resolve(result)
    }

    const fail = (error: unknown): void => {
      measurement.failed(error)
      laneEnds()
    }

    const lane = (): void => {
      for (;;) {
        const startedAt = performance.now()
        if (!hasBegun && startedAt >= beginAt) {
          hasBegun = true
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
