import type { Clock } from '../clock.ts'

/** Bytes that may be moved at once before the pace counts. */
const burstBytes = 1024 * 1024

/** Keeps long work at a pace in bytes per second, and ends it when somebody wants that. */
export class Pace {
  readonly #clock: Clock
  readonly #bytesPerSecondMax: number
  readonly #signal: AbortSignal | undefined
  #stopped: { readonly reason: unknown } | undefined
  #wake: () => void = () => undefined
  #credit = burstBytes
  #creditedAt: number

  constructor(clock: Clock, bytesPerSecondMax: number, signal: AbortSignal | undefined) {
    this.#clock = clock
    this.#bytesPerSecondMax = bytesPerSecondMax
    this.#signal = signal
    this.#creditedAt = clock.monotonic()
  }

  /** Whoever works hears `reason` at the next step. */
  stop(reason: unknown): void {
    this.#stopped ??= { reason }
    this.#wake()
  }

  /** Throws when the work is to end: what `stop` was given, or the reason of the signal. */
  check(): void {
    if (this.#stopped !== undefined) throw this.#stopped.reason
    this.#signal?.throwIfAborted()
  }

  /** Resolves when `bytes` more, moved just now, are within the pace, in a later turn of the event loop. */
  async spend(bytes: number): Promise<void> {
    await this.#clock.nextTurn()
    this.check()
    if (!Number.isFinite(this.#bytesPerSecondMax)) return
    const now = this.#clock.monotonic()
    const earned = ((now - this.#creditedAt) * this.#bytesPerSecondMax) / 1_000
    this.#creditedAt = now
    this.#credit = Math.min(burstBytes, this.#credit + earned) - bytes
    if (this.#credit >= 0) return
    await this.#sleep(Math.ceil((-this.#credit * 1_000) / this.#bytesPerSecondMax))
    this.check()
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel()
        this.#signal?.removeEventListener('abort', end)
        resolve()
      }
      const cancel = this.#clock.after(ms, end, true)
      this.#wake = end
      this.#signal?.addEventListener('abort', end)
    })
  }
}
