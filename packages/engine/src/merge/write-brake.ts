/**
 * How fast the log may be written while merges are behind: without a brake, whoever writes faster than merges win space
 * back fills the disk with garbage. (LevelDB and RocksDB hold writers back for the same reason, in steps; "Write
 * Stalls" in the RocksDB wiki.)
 *
 * Beyond `brakedShare` of garbage the rate starts at one that hardly anybody reaches, and each `halvingShare` more
 * halves it. So it settles where writes and merges keep pace, and no write waits for long.
 */

/** Of the store, beyond which writes are held back; 0.5 would be twice the live data. */
export const brakedShare = 0.45
const halvingShare = 0.025
/** So much garbage is never too much: a small store turns over many times before a merge is worth it. */
export const sparedBytes: number = 16 * 1024 * 1024
/** In bytes a second. The lowest is for stores that were opened with much garbage: that was not these writers' doing. */
const rateMax = 128 * 1024 * 1024
const rateMin = 8 * 1024 * 1024
/** No write waits longer at once, in ms: only behind a batch of 32 MiB it is as long, behind others some ms. */
const holdMsMax = 4_000
/** Nor for less: timers are no finer. What is not waited for now adds to what is later. */
const holdMsMin = 2

/** Times are on the monotonic clock, in ms. */
export class WriteBrake {
  #rate = Number.POSITIVE_INFINITY
  /** When what is being written was let through. */
  #letThroughAt = 0
  /** When all that was written would have been written at the rate. */
  #evenAt = 0
  #heldBackMs = 0

  /** What writes of the log have waited altogether, in ms. */
  get heldBackMs(): number {
    return this.#heldBackMs
  }

  /** While a merge wins space back: sets the rate by the garbage beyond {@link sparedBytes}, as a share of the store. */
  look(garbageShare: number): void {
    const excess = garbageShare - brakedShare
    if (excess <= 0) this.release()
    else this.#rate = Math.max(rateMin, rateMax * 2 ** (-excess / halvingShare))
  }

  /** Lets all writes through: no merge wins space back, so waiting would be in vain. */
  release(): void {
    this.#rate = Number.POSITIVE_INFINITY
  }

  /** How long the next write is to wait, in whole ms. */
  hold(now: number): number {
    const debtMs = this.#rate === Number.POSITIVE_INFINITY ? 0 : this.#evenAt - now
    const holdMs = debtMs < holdMsMin ? 0 : Math.min(holdMsMax, Math.floor(debtMs))
    this.#letThroughAt = now + holdMs
    this.#heldBackMs += holdMs
    return holdMs
  }

  /** It has been made, of so many bytes. */
  written(bytes: number, now: number): void {
    // What writing them has taken is paid for.
    const evenAt = Math.max(this.#evenAt, this.#letThroughAt) + (bytes * 1_000) / this.#rate
    this.#evenAt = Math.min(evenAt, now + holdMsMax)
  }
}
