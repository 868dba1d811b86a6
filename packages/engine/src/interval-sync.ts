import type { Clock } from './clock.ts'
import type { CommitQueue } from './commit-queue.ts'

/** Syncs the log by the clock: what was written without a sync is on the disk within the interval. */
export class IntervalSync {
  readonly #commits: CommitQueue
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #onSynced: (ms: number) => void
  #cancel: (() => void) | undefined

  /** `onSynced` hears how long each sync took. */
  constructor(
    commits: CommitQueue,
    clock: Clock,
    intervalMs: number,
    onSynced: (ms: number) => void,
  ) {
    this.#commits = commits
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#onSynced = onSynced
  }

  /** Something was written: a sync follows, unless one is planned already. */
  written(): void {
    this.#cancel ??= this.#clock.after(this.#intervalMs, () => {
      this.#cancel = undefined
      this.#sync()
    })
  }

  /** Drops the sync that is planned: who closes the log syncs it. */
  stop(): void {
    this.#cancel?.()
  }

  #sync(): void {
    const start = this.#clock.monotonic()
    this.#commits.sync().then(
      () => this.#onSynced(this.#clock.monotonic() - start),
      // The commit queue has told of it; the next write is refused with it.
      () => undefined,
    )
  }
}
