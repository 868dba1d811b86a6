import type { Clock } from './clock.ts'
import type { FileTable } from './file-table.ts'
import type { Keydir } from './keydir/keydir.ts'
import { OpenSnapshot } from './open-snapshot.ts'

/** Versions freed in one turn of the event loop: some 0.3 ms. */
const versionsPerTurn = 512
/** As long as versions are being freed, the memory may be beyond its bound by this much before another one expires. */
const releasingExcessMax = 1.25

export interface SnapshotLimits {
  /** Memory of replaced versions beyond which the oldest snapshot expires. */
  readonly snapshotMemoryBytesMax: number
  /** A snapshot that is not read from for so long expires, in ms. */
  readonly snapshotIdleMs: number
}

/** Snapshots of the store, ranges and counts under way among them. */
export interface SnapshotStats {
  /** Those that are neither closed nor expired. */
  readonly open: number
  /** Snapshots that expired before they were closed. */
  readonly expired: number
  /** Memory of versions that are kept for snapshots alone, in bytes. */
  readonly keptBytes: number
}

/** The snapshots that are open, and what bounds them: memory, and the time that they are not used. */
export class Snapshots {
  readonly #keydir: Keydir
  readonly #files: FileTable
  readonly #clock: Clock
  readonly #limits: SnapshotLimits
  /** Oldest first. */
  readonly #open = new Set<OpenSnapshot>()
  #expired = 0
  #isReleasing = false
  #isClosed = false
  #cancelIdleCheck: (() => void) | undefined

  constructor(keydir: Keydir, files: FileTable, clock: Clock, limits: SnapshotLimits) {
    this.#keydir = keydir
    this.#files = files
    this.#clock = clock
    this.#limits = limits
  }

  get stats(): SnapshotStats {
    return {
      open: this.#open.size,
      expired: this.#expired,
      keptBytes: this.#keydir.keptBytes,
    }
  }

  /** Of the keydir as it is now: as of `index`, that of the last record applied, at `now`, ms since the epoch. */
  open(index: number, now: number): OpenSnapshot {
    const snapshot = new OpenSnapshot(this.#keydir.snapshot(index), now, this.#clock, (closed) => {
      this.#open.delete(closed)
      this.#release()
    })
    this.#open.add(snapshot)
    this.#planIdleCheck(this.#limits.snapshotIdleMs)
    return snapshot
  }

  /** Keeps a file that is about to be retired for all that are open. */
  holdFile(slot: number): void {
    for (const snapshot of this.#open) snapshot.holdFile(this.#files.pin([slot]))
  }

  /** Lets the oldest expire when what was overwritten takes too much memory. */
  bound(): void {
    const { snapshotMemoryBytesMax } = this.#limits
    const bytesMax = snapshotMemoryBytesMax * (this.#isReleasing ? releasingExcessMax : 1)
    if (this.#keydir.keptBytes <= bytesMax) return
    const [oldest] = this.#open
    if (oldest === undefined) return
    this.#expired++
    oldest.close('memory')
  }

  /** Ends all. */
  close(): void {
    this.#isClosed = true
    this.#cancelIdleCheck?.()
    for (const snapshot of this.#open) snapshot.close('store closed')
  }

  /** Frees what nobody sees any more, in slices. */
  #release(): void {
    if (this.#isReleasing || !this.#keydir.releaseKept(versionsPerTurn)) return
    this.#isReleasing = true
    const releaseRest = async (): Promise<void> => {
      do await this.#clock.nextTurn()
      while (!this.#isClosed && this.#keydir.releaseKept(versionsPerTurn))
      this.#isReleasing = false
    }
    void releaseRest()
  }

  #planIdleCheck(ms: number): void {
    this.#cancelIdleCheck ??= this.#clock.after(ms, () => {
      this.#cancelIdleCheck = undefined
      this.#expireIdle()
    })
  }

  #expireIdle(): void {
    const { snapshotIdleMs } = this.#limits
    const now = this.#clock.monotonic()
    let nextMs = snapshotIdleMs
    for (const snapshot of this.#open) {
      const leftMs = snapshot.lastUsed + snapshotIdleMs - now
      if (leftMs > 0) {
        nextMs = Math.min(nextMs, leftMs)
        continue
      }
      this.#expired++
      snapshot.close('idle')
    }
    if (this.#open.size > 0) this.#planIdleCheck(Math.ceil(nextMs))
  }
}
