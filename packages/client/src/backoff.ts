/**
 * How long to wait before each attempt to connect: twice as long as before it, up to a maximum, and up to
 * half of that taken off at random, so that clients who lost one server do not come back all at once.
 */
export class Backoff {
  readonly #delayMsMin: number
  readonly #delayMsMax: number
  readonly #random: () => number
  #attempts = 0

  constructor(delayMsMin: number, delayMsMax: number, random: () => number = Math.random) {
    this.#delayMsMin = delayMsMin
    this.#delayMsMax = delayMsMax
    this.#random = random
  }

  /** Since the last reset. */
  get attempts(): number {
    return this.#attempts
  }

  /** Counts an attempt; the milliseconds to wait before it. */
  next(): number {
    const delayMs = Math.min(this.#delayMsMax, this.#delayMsMin * 2 ** this.#attempts)
    this.#attempts++
    return delayMs * (1 - this.#random() / 2)
  }

  reset(): void {
    this.#attempts = 0
  }
}
