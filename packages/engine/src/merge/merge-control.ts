import type { Clock } from '../clock.ts'
import { KvError } from '../errors.ts'

const stopPlace = 0

/** Stops a merge from the thread of its store, through memory that threads share, before its next batch of records. */
export class MergeControl {
  readonly shared: SharedArrayBuffer
  readonly #words: Int32Array<SharedArrayBuffer>

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(4)) {
    this.shared = shared
    this.#words = new Int32Array(shared)
  }

  /** For good. */
  stop(): void {
    Atomics.store(this.#words, stopPlace, 1)
  }

  refuseWhenStopped(): void {
    if (Atomics.load(this.#words, stopPlace) === 0) return
    throw new KvError(
      'KV_CLOSED',
      'the store is closing; the merge was stopped, and nothing was changed',
    )
  }

  /** On the thread of the merge: between two batches. */
  async checkpoint(clock: Clock): Promise<void> {
    this.refuseWhenStopped()
    await clock.nextTurn()
  }
}
