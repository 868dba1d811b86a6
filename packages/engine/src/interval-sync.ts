import type { Clock } from './clock.ts'
import type { CommitQueue } from './commit-queue.ts'

/**
 * So many bytes are synced before their time, too: a roll of the log waits until all of its segment is on the disk, and
 * all writes wait for the roll.
 */
const unsyncedBytesMax = 4 * 1024 * 1024

/** Syncs the log by the clock and by bytes: what was written without a sync is on the disk within the interval. */
export class IntervalSync {
  readonly #commits: CommitQueue
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #onSynced: (ms: number) => void
  #cancel: (() => void) | undefined
  /** Written since the last sync began. */
  #unsyncedBytes = 0
  #isSyncing = false

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

  /** So much was written: a sync follows, unless one is planned already. */
  written(bytes: number): void {
    this.#unsyncedBytes += bytes
    this.#cancel ??= this.#clock.after(this.#intervalMs, () => {
      this.#cancel = undefined
      void this.#sync()
    })
    if (this.#unsyncedBytes >= unsyncedBytesMax && !this.#isSyncing) void this.#sync()
  }

  /** Drops the sync that is planned: who closes the log syncs it. */
  stop(): void {
    this.#cancel?.()
  }

  async #sync(): Promise<void> {
    const start = this.#clock.monotonic()
    this.#unsyncedBytes = 0
    this.#isSyncing = true
    try {
      await this.#commits.sync()
      this.#onSynced(this.#clock.monotonic() - start)
    } catch {
      // The commit queue has told of it; the next write is refused with it.
    } finally {
      this.#isSyncing = false
    }
  }
}
