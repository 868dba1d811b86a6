/**
 * How fast a merge may read and write, so that nobody notices it and it never falls behind for ever.
 *
 * The foreground is watched all the time: how long its syncs take, and how late the event loop is. What that is
 * while no merge is running is the yardstick. While one is running and the foreground is slower than that, the pace
 * goes down; while it is not, the pace goes up again. It never goes below what it takes to win as many bytes as are
 * written, and when the store holds much more garbage than it should, or the disk is nearly full, there is no pace.
 */

/** The foreground counts as slowed down from this multiple of the yardstick on. */
const slowedRatio = 1.5
/** Below these, in ms, nothing counts as slow. */
const lagMsMin = 2
const syncMsMin = 3
/** Weight of a new sample. */
const calmWeight = 0.1
const busyWeight = 0.3
/** Of each look during a merge so much goes into the yardstick: what has become slow for good is none of the merge's doing. */
const driftWeight = 0.002
const decrease = 0.7
const increase = 1.1
const increaseBytes = 4 * 1024 * 1024
/** No pace is below this, in bytes a second. */
const paceMin = 16 * 1024 * 1024
/** From here on a pace says nothing. It is also where it begins. */
const anyBytes = 1024 * 1024 * 1024
/** More than it takes to keep up, so that it catches up. */
const keepUpFactor = 1.5
/** With so much more garbage than `deadRatioMin`, as a share of the store, a merge is as fast as it can. */
const excessMax = 0.05

/** What is seen of the foreground in one look. */
export interface ForegroundLook {
  /** Since the look before. */
  readonly elapsedMs: number
  /** How late the event loop was. */
  readonly lagMs: number
  /** Whether anybody has read or written meanwhile. */
  readonly isActive: boolean
}

/** The merge that is running, and why. */
export interface MergePressure {
  /** Bytes that it copies for each byte that it wins. */
  readonly copiedPerWon: number
  /** Garbage beyond `deadRatioMin`, as a share of the store. */
  readonly excess: number
  readonly diskIsLow: boolean
}

export class MergePace {
  readonly #bytesPerSecondMax: number
  #calmLagMs = 0
  #calmSyncMs = 0
  #busyLagMs = 0
  #busySyncMs = 0
  #writtenBytes = 0
  #writtenPerSecond = 0
  #pace = anyBytes

  /** `bytesPerSecondMax` is never exceeded, unless the disk is nearly full; infinity for none. */
  constructor(bytesPerSecondMax: number) {
    this.#bytesPerSecondMax = bytesPerSecondMax
  }

  /** The foreground has written so many bytes. */
  written(bytes: number): void {
    this.#writtenBytes += bytes
  }

  /** The foreground has waited so long for a sync. */
  synced(ms: number, isMerging: boolean): void {
    if (isMerging) this.#busySyncMs += (ms - this.#busySyncMs) * busyWeight
    else this.#calmSyncMs += (ms - this.#calmSyncMs) * calmWeight
  }

  /** A look while no merge is running. */
  calm({ elapsedMs, lagMs }: ForegroundLook): void {
    this.#noteWritten(elapsedMs)
    this.#calmLagMs += (lagMs - this.#calmLagMs) * calmWeight
    this.#busyLagMs = this.#calmLagMs
    this.#busySyncMs = this.#calmSyncMs
  }

  /**
   * A look while a merge is running, which has read and written `mergedBytes` since the look before. Returns the bytes
   * that it may read and write a second from now on.
   */
  busy(look: ForegroundLook, mergedBytes: number, pressure: MergePressure): number {
    const { elapsedMs, lagMs, isActive } = look
    this.#noteWritten(elapsedMs)
    this.#busyLagMs += (lagMs - this.#busyLagMs) * busyWeight
    this.#calmLagMs += (this.#busyLagMs - this.#calmLagMs) * driftWeight
    this.#calmSyncMs += (this.#busySyncMs - this.#calmSyncMs) * driftWeight
    const reached = (mergedBytes * 1_000) / Math.max(1, elapsedMs)
    const wanted =
      isActive && this.#isSlowed
        ? Math.min(this.#pace, reached) * decrease
        : this.#pace * increase + increaseBytes
    const floor = this.#writtenPerSecond * 2 * pressure.copiedPerWon * keepUpFactor
    this.#pace = Math.min(anyBytes, Math.max(paceMin, floor, wanted))
    if (pressure.diskIsLow) return Number.POSITIVE_INFINITY
    return Math.min(this.#bytesPerSecondMax, this.#unbounded(pressure))
  }

  /** Where a merge begins. */
  start(pressure: MergePressure): number {
    if (pressure.diskIsLow) return Number.POSITIVE_INFINITY
    return Math.min(this.#bytesPerSecondMax, this.#unbounded(pressure))
  }

  #unbounded({ excess }: MergePressure): number {
    const isAny = excess >= excessMax || this.#pace >= anyBytes
    return isAny ? Number.POSITIVE_INFINITY : this.#pace
  }

  get #isSlowed(): boolean {
    return (
      this.#busyLagMs > Math.max(lagMsMin, this.#calmLagMs * slowedRatio) ||
      this.#busySyncMs > Math.max(syncMsMin, this.#calmSyncMs * slowedRatio)
    )
  }

  #noteWritten(elapsedMs: number): void {
    if (elapsedMs <= 0) return
    const perSecond = (this.#writtenBytes * 1_000) / elapsedMs
    this.#writtenBytes = 0
    this.#writtenPerSecond += (perSecond - this.#writtenPerSecond) * busyWeight
  }
}
