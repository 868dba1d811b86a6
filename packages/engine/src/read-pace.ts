/**
 * Decides which reads are made in the same turn of the event loop and which through the thread pool. The page cache
 * answers in a microsecond or some, less than the way to the pool and back; the disk takes 50 and more, for which the
 * loop must not stand. Which of them it will be, only the read itself tells: one that was slow sends the next ones to
 * the pool, twice as many each time, until one that tries again is quick.
 */

/** Longer reads are never made at once. */
export const quickBytesMax: number = 64 * 1024
/** The page cache is quicker than this, in ms: so much, and so much for each byte. */
const quickMs = 0.04
const quickMsPerByte = 1e-6
const pooledReadsMin = 4
const pooledReadsMax = 512

export class ReadPace {
  #pooledLeft = 0
  /** How many the last slow one sent to the pool. */
  #pooledRun = 0

  /** Whether a read of `bytes` bytes should be made at once. */
  isQuick(bytes: number): boolean {
    if (bytes > quickBytesMax) return false
    if (this.#pooledLeft === 0) return true
    this.#pooledLeft--
    return false
  }

  /** As {@link isQuick}, for a read that is given up rather than sent to the pool. */
  wouldBeQuick(bytes: number): boolean {
    return bytes <= quickBytesMax && this.#pooledLeft === 0
  }

  /** Notes how long a read took that was made at once. */
  note(bytes: number, ms: number): void {
    if (ms <= quickMs + bytes * quickMsPerByte) {
      this.#pooledRun = 0
      return
    }
    this.#pooledRun = Math.min(pooledReadsMax, Math.max(pooledReadsMin, 2 * this.#pooledRun))
    this.#pooledLeft = this.#pooledRun
  }
}
