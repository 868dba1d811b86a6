import type { Logger } from './logging.ts'

const linesPerSecondMax = 10

/**
 * Passes on at most ten lines of one text a second, and says how many it left out: a stranger must not be able
 * to fill the disk with log lines.
 */
export class LogLimiter {
  readonly #logger: Logger
  readonly #now: () => number
  readonly #lines = new Map<string, { second: number; passed: number; leftOut: number }>()

  constructor(logger: Logger, now: () => number = () => performance.now()) {
    this.#logger = logger
    this.#now = now
  }

  /** `message` is a constant text. */
  log(level: 'info' | 'warn', fields: object, message: string): void {
    const second = Math.floor(this.#now() / 1_000)
    const line = this.#lines.get(message) ?? { second, passed: 0, leftOut: 0 }
    this.#lines.set(message, line)
    if (line.second !== second) {
      if (line.leftOut > 0)
        this.#logger[level]({ leftOut: line.leftOut, of: message }, 'log lines were left out')
      line.second = second
      line.passed = 0
      line.leftOut = 0
    }
    if (line.passed < linesPerSecondMax) {
      line.passed++
      this.#logger[level](fields, message)
    } else line.leftOut++
  }
}
