import type { Clock } from '../clock.ts'
import { KvError } from '../errors.ts'

const commands = { run: 0, pause: 1, stop: 2 } as const
const commandPlace = 0
const doneKibibytesPlace = 1
const words = 2
/** How often a merge that pauses looks whether it may go on, in ms. */
const pauseMs = 20

/**
 * Steers a merge from the thread of its store, and tells how far it is, through memory that threads share.
 * What it is told, it does before its next batch of records.
 */
export class MergeControl {
  readonly shared: SharedArrayBuffer
  readonly #words: Int32Array<SharedArrayBuffer>

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(words * 4)) {
    this.shared = shared
    this.#words = new Int32Array(shared)
  }

  /** Bytes of the inputs' records that have been judged. */
  get doneBytes(): number {
    return Atomics.load(this.#words, doneKibibytesPlace) * 1024
  }

  get isPaused(): boolean {
    return Atomics.load(this.#words, commandPlace) === commands.pause
  }

  pause(): void {
    Atomics.compareExchange(this.#words, commandPlace, commands.run, commands.pause)
  }

  resume(): void {
    Atomics.compareExchange(this.#words, commandPlace, commands.pause, commands.run)
  }

  /** For good. */
  stop(): void {
    Atomics.store(this.#words, commandPlace, commands.stop)
  }

  refuseWhenStopped(): void {
    if (Atomics.load(this.#words, commandPlace) !== commands.stop) return
    throw new KvError(
      'KV_CLOSED',
      'the store is closing; the merge was stopped, and nothing was changed',
    )
  }

  /** On the thread of the merge: between two batches. Waits while it is paused, throws when it is stopped. */
  async checkpoint(clock: Clock, doneBytes: number): Promise<void> {
    Atomics.store(this.#words, doneKibibytesPlace, Math.floor(doneBytes / 1024))
    while (this.isPaused) await new Promise<void>((resolve) => clock.after(pauseMs, resolve))
    this.refuseWhenStopped()
    await clock.nextTurn()
  }
}
