/**
 * One timer for the deadlines of all calls: it is set for the earliest, and then all are looked at. A call
 * with the usual timeout costs one comparison, since an earlier deadline is being waited for already.
 */
export class DeadlineTimer {
  readonly #sweep: (now: number) => number
  /** When the timer fires; Infinity while it is not set. */
  #due = Infinity
  #timer: NodeJS.Timeout | undefined

  /** `sweep` ends what is due at `now`, by `performance.now()`, and returns the earliest deadline left, or Infinity. */
  constructor(sweep: (now: number) => number) {
    this.#sweep = sweep
  }

  watch(deadline: number): void {
    if (deadline < this.#due) this.#set(deadline)
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#due = Infinity
  }

  #set(deadline: number): void {
    clearTimeout(this.#timer)
    this.#due = deadline
    const delayMs = Math.max(1, Math.ceil(deadline - performance.now()))
    this.#timer = setTimeout(() => this.#fire(), delayMs)
    // What keeps the process running is the connection, or the attempt to make one.
    this.#timer.unref()
  }

  #fire(): void {
    this.#due = Infinity
    const next = this.#sweep(performance.now())
    if (next < Infinity) this.watch(next)
  }
}
