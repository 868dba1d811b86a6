import type { Clock } from '../clock.ts'
import { checkFollowing } from '../option-values.ts'
import { shown } from '../shown-value.ts'

/** How far work on the files of a store is. Sizes in bytes. */
export interface CareProgress {
  /** The file that is being read, below the data directory. */
  readonly path: string
  /** Read so far, of all files. */
  readonly bytesDone: number
  /** What there is to read, as far as it is known: it may grow. */
  readonly bytesTotal: number
}

/** How fast a check of files is, and who follows it. */
export interface PaceOptions {
  /** Bytes read in a second at most, on average, from 1 on. Without it as fast as the disk gives them, but for `Store.verify`: 64 MiB. */
  readonly bytesPerSecondMax?: number | undefined
  /** Called after each piece that was read. What it throws ends the work. */
  readonly onProgress?: ((progress: CareProgress) => void) | undefined
  /** Ends the work; it fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export const paceOptionNames: readonly string[] = ['bytesPerSecondMax', 'onProgress', 'signal']

/** Work goes on in a turn of the event loop for so long, in ms. */
const turnMsMax = 1
/** Ahead of the budget by less than this, in ms, nobody waits: timers are no finer. */
const aheadMsMax = 20

/** Bounds long work on files: its share of each turn of the event loop, and the bytes that it reads in a second. */
export class Pace {
  readonly #clock: Clock
  readonly #bytesPerMs: number
  readonly #onProgress: ((progress: CareProgress) => void) | undefined
  readonly #signal: AbortSignal | undefined
  #turnStart: number
  /** When what was read so far would have been read at the highest rate. */
  #paidAt: number
  #path = ''
  #bytesDone = 0
  bytesTotal = 0

  /** Throws `RangeError` for a rate that is none, `TypeError` for a signal or a function that is none. */
  constructor(clock: Clock, { bytesPerSecondMax, onProgress, signal }: PaceOptions) {
    const isRate =
      bytesPerSecondMax === undefined ||
      (Number.isFinite(bytesPerSecondMax) && bytesPerSecondMax >= 1)
    if (!isRate) {
      throw new RangeError(
        `bytesPerSecondMax must be a number from 1 on, not ${shown(bytesPerSecondMax)}; nothing was done`,
      )
    }
    checkFollowing({ onProgress, signal })
    this.#clock = clock
    this.#bytesPerMs = (bytesPerSecondMax ?? Number.POSITIVE_INFINITY) / 1_000
    this.#onProgress = onProgress
    this.#signal = signal
    this.#turnStart = clock.monotonic()
    this.#paidAt = this.#turnStart
  }

  get bytesDone(): number {
    return this.#bytesDone
  }

  /** Work turns to this file. */
  begin(path: string): void {
    this.#path = path
    this.#signal?.throwIfAborted()
  }

  /** Undefined while there is time left in this turn; else a promise of the next one. Throws the signal's reason. */
  checkpoint(): Promise<void> | undefined {
    if (this.#clock.monotonic() - this.#turnStart < turnMsMax) return undefined
    return this.nextTurn()
  }

  nextTurn = async (): Promise<void> => {
    this.#signal?.throwIfAborted()
    await this.#clock.nextTurn()
    this.#turnStart = this.#clock.monotonic()
  }

  /** `bytes` were read: waits for as long as they may take. */
  async spend(bytes: number): Promise<void> {
    this.#bytesDone += bytes
    this.#onProgress?.({
      path: this.#path,
      bytesDone: this.#bytesDone,
      bytesTotal: Math.max(this.bytesTotal, this.#bytesDone),
    })
    this.#signal?.throwIfAborted()
    const now = this.#clock.monotonic()
    this.#turnStart = now
    this.#paidAt = Math.max(this.#paidAt, now) + bytes / this.#bytesPerMs
    if (this.#paidAt - now > aheadMsMax) await this.#wait(this.#paidAt - now)
  }

  async #wait(ms: number): Promise<void> {
    const signal = this.#signal
    await new Promise<void>((resolve) => {
      const end = (): void => {
        cancel()
        signal?.removeEventListener('abort', end)
        resolve()
      }
      // Its caller waits, perhaps with nothing else to do.
      const cancel = this.#clock.after(Math.min(ms, 2 ** 31 - 1), end, true)
      signal?.addEventListener('abort', end)
    })
    signal?.throwIfAborted()
    this.#turnStart = this.#clock.monotonic()
  }
}
