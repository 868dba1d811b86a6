/**
 * How fast the log may be written while merges are behind: without a brake, whoever writes faster than merges win space
 * back fills the disk with garbage. (LevelDB and RocksDB hold writers back for the same reason, in steps; "Write
 * Stalls" in the RocksDB wiki.)
 *
 * Beyond `brakedShare` of garbage each `halvingShare` more halves the rate at which writes went before. So it settles
 * where writes and merges keep pace, at little more garbage, and no write waits for long.
 */

/** Of the store, beyond which writes are held back; 0.5 would be twice the live data. */
export const brakedShare = 0.45
const halvingShare = 0.025
/** So much garbage is never too much: a small store turns over many times before a merge is worth it. */
export const sparedBytes: number = 16 * 1024 * 1024
/** No group of writes waits longer at once, in ms. */
const holdMsMax = 50
/** What was let through beyond the rate is held against later writes, up to so many ms. */
const debtMsMax = 1_000
/** No rate is below this, in bytes a second. */
const rateMin = 2 * 1024 * 1024
/** Weight of a new look in the rate at which writes go unhindered. */
const freeWeight = 0.2

/** What is seen of the store in one look. */
export interface BrakeLook {
  /** Since the look before. */
  readonly elapsedMs: number
  /** Garbage beyond {@link sparedBytes}, as a share of the store. */
  readonly garbageShare: number
  /** Whether a merge is winning space back. Without one, waiting would be in vain. */
  readonly isMerging: boolean
}

export class WriteBrake {
  #writtenBytes = 0
  /** Bytes a second, when nothing held them back. */
  #freeRate = 0
  #rate = Number.POSITIVE_INFINITY
  /** When all that was let through would have been written at the rate, on the monotonic clock. */
  #evenAt = 0
  #heldBackMs = 0

  /** What groups of writes have waited altogether, in ms. */
  get heldBackMs(): number {
    return this.#heldBackMs
  }

  written(bytes: number): void {
    this.#writtenBytes += bytes
  }

  look({ elapsedMs, garbageShare, isMerging }: BrakeLook): void {
    const writtenRate = (this.#writtenBytes * 1_000) / Math.max(1, elapsedMs)
    this.#writtenBytes = 0
    const excess = garbageShare - brakedShare
    if (!isMerging || excess <= 0) {
      this.#rate = Number.POSITIVE_INFINITY
      this.#freeRate += (writtenRate - this.#freeRate) * freeWeight
      return
    }
    this.#rate = Math.max(rateMin, this.#freeRate * 2 ** (-excess / halvingShare))
  }

  /** How long a group of `bytes` bytes is to wait before it is written, in ms; `now` on the monotonic clock. */
  hold(bytes: number, now: number): number {
    if (this.#rate === Number.POSITIVE_INFINITY) return 0
    const holdMs = Math.min(holdMsMax, Math.max(0, this.#evenAt - now))
    const after = Math.max(this.#evenAt, now) + (bytes * 1_000) / this.#rate
    this.#evenAt = Math.min(after, now + debtMsMax)
    this.#heldBackMs += holdMs
    return holdMs
  }
}
