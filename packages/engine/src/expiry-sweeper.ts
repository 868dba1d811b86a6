import type { Clock } from './clock.ts'
import type { CommitQueue } from './commit-queue.ts'
import type { LogOperation, Waiter } from './group.ts'
import type { Keydir } from './keydir/keydir.ts'
import { neverExpires, recordKind } from './record.ts'

/** From the end of one sweep to the start of the next, in ms. */
const sweepPauseMs = 1_000
/** Keys looked at in one turn of the event loop: some 0.2 ms. */
const keysPerSlice = 1_024
/** Between two slices, in ms: a sweep takes a twentieth of the processor at most. */
const slicePauseMs = 5

const noValue = new Uint8Array(0)

/**
 * Writes the tombstones of keys whose time is over. Readers do not see such keys anyway; the sweep gives back
 * their memory and their space on the disk. Where nothing expires it does nothing.
 */
export class ExpirySweeper {
  readonly #keydir: Keydir
  readonly #commits: CommitQueue
  readonly #clock: Clock
  #cancel: () => void = () => undefined
  #wake: () => void = () => undefined
  #running: Promise<void> | undefined
  #stopped = false
  #removed = 0

  constructor(keydir: Keydir, commits: CommitQueue, clock: Clock) {
    this.#keydir = keydir
    this.#commits = commits
    this.#clock = clock
  }

  /** Sweeps from now on. */
  start(): void {
    this.#plan()
  }

  /** Keys removed since the store was opened. */
  get removed(): number {
    return this.#removed
  }

  /** Ends after the slice in hand. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    this.#wake()
    await this.#running
  }

  #plan(): void {
    if (this.#stopped) return
    this.#cancel = this.#clock.after(sweepPauseMs, () => {
      this.#running = this.#sweep().finally(() => {
        this.#running = undefined
        this.#plan()
      })
    })
  }

  async #sweep(): Promise<void> {
    let from: Buffer | undefined
    while (!this.#stopped && this.#keydir.expiring > 0) {
      const expired: LogOperation[] = []
      const now = this.#commits.timestamp()
      from = this.#keydir.scanExpired(from, keysPerSlice, now, (key) => {
        // What is under way for it comes first; the next sweep sees what that leaves.
        if (this.#commits.pendingKey(key) === undefined) expired.push(tombstone(key))
      })
      const isWritten = expired.length === 0 || (await this.#write(expired))
      if (!isWritten || from === undefined || this.#stopped) return
      await this.#pause()
    }
  }

  /** False when the store takes no writes now. */
  async #write(tombstones: readonly LogOperation[]): Promise<boolean> {
    try {
      await new Promise<void>((resolve, reject) => {
        const waiter: Waiter = { wantsSync: false, committed: () => resolve(), failed: reject }
        this.#commits.submit(tombstones, waiter)
      })
    } catch {
      // Whoever writes next hears of it. The keys stay hidden.
      return false
    }
    this.#removed += tombstones.length
    return true
  }

  async #pause(): Promise<void> {
    // Who stopped it while it wrote waits for its end already, and wakes nobody any more.
    if (this.#stopped) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      this.#cancel = this.#clock.after(slicePauseMs, resolve)
    })
  }
}

function tombstone(key: Buffer): LogOperation {
  return { kind: recordKind.tombstone, key, value: noValue, expiresAt: neverExpires }
}
