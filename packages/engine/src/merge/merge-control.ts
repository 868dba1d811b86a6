import type { Clock } from '../clock.ts'
import { KvError } from '../errors.ts'

/**
 * | place | word of 32 bits |
 * |---|---|
 * | 0 | state: 0 goes on, 1 paused, 2 stopped |
 * | 1 | KiB that may be read and written a second, 0 for any number |
 *
 * Behind them, of 64 bits: bytes read, bytes written.
 */
const statePlace = 0
const pacePlace = 1
const words32 = 2
const readPlace = 0
const writtenPlace = 1
const words64 = 2

const goesOn = 0
const paused = 1
const stopped = 2

const kibi = 1024
/** What a merge that was slower than its pace may make up for, in ms of it. */
const burstMs = 50
/** A merge that waits for its pace looks up so often, in ms. */
const waitMsMax = 20

/**
 * What the store tells a merge that runs on another thread, and the other way round, through memory that both
 * share: to stop, to pause, how fast it may be, and how far it is. The merge looks up between two batches of records.
 */
export class MergeControl {
  readonly shared: SharedArrayBuffer
  readonly #words: Int32Array<SharedArrayBuffer>
  readonly #counters: BigInt64Array<SharedArrayBuffer>
  /** Bytes that may be read and written at once; on the thread of the merge. */
  #allowance = 0
  #allowedAt = Number.NEGATIVE_INFINITY

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(words32 * 4 + words64 * 8)) {
    this.shared = shared
    this.#words = new Int32Array(shared, 0, words32)
    this.#counters = new BigInt64Array(shared, words32 * 4, words64)
  }

  /** Bytes of records that were read. */
  get readBytes(): number {
    return Number(Atomics.load(this.#counters, readPlace))
  }

  /** Bytes of records that were written. */
  get writtenBytes(): number {
    return Number(Atomics.load(this.#counters, writtenPlace))
  }

  get isPaused(): boolean {
    return Atomics.load(this.#words, statePlace) === paused
  }

  get isStopped(): boolean {
    return Atomics.load(this.#words, statePlace) === stopped
  }

  /** For good. */
  stop(): void {
    Atomics.store(this.#words, statePlace, stopped)
    Atomics.notify(this.#words, statePlace)
  }

  pause(): void {
    Atomics.compareExchange(this.#words, statePlace, goesOn, paused)
  }

  resume(): void {
    Atomics.compareExchange(this.#words, statePlace, paused, goesOn)
    Atomics.notify(this.#words, statePlace)
  }

  /** Bytes that may be read and written a second; infinity for any number. */
  setPace(bytesPerSecond: number): void {
    const isAny = bytesPerSecond === Number.POSITIVE_INFINITY
    const kibiPerSecond = Math.min(2 ** 31 - 1, Math.max(1, Math.round(bytesPerSecond / kibi)))
    Atomics.store(this.#words, pacePlace, isAny ? 0 : kibiPerSecond)
  }

  refuseWhenStopped(): void {
    if (!this.isStopped) return
    throw new KvError(
      'KV_CLOSED',
      'the store is closing; the merge was stopped, and nothing was changed',
    )
  }

  /** On the thread of the merge: between two batches. */
  async checkpoint(clock: Clock): Promise<void> {
    this.refuseWhenStopped()
    await clock.nextTurn()
    while (Atomics.load(this.#words, statePlace) === paused) {
      const waiting = Atomics.waitAsync(this.#words, statePlace, paused)
      if (waiting.async) await waiting.value
    }
    this.refuseWhenStopped()
  }

  /** On the thread of the merge, before it reads and writes so many bytes: waits until that keeps its pace. */
  async keepPace(clock: Clock, readBytes: number, writtenBytes: number): Promise<void> {
    this.#allow(clock)
    while (this.#allowance < 0) {
      const waitMs = (-this.#allowance * 1_000) / this.#bytesPerSecond
      await sleep(clock, Math.min(waitMsMax, Math.ceil(waitMs)))
      await this.checkpoint(clock)
      this.#allow(clock)
    }
    this.#allowance -= readBytes + writtenBytes
    Atomics.add(this.#counters, readPlace, BigInt(readBytes))
    Atomics.add(this.#counters, writtenPlace, BigInt(writtenBytes))
  }

  get #bytesPerSecond(): number {
    const kibiPerSecond = Atomics.load(this.#words, pacePlace)
    return kibiPerSecond === 0 ? Number.POSITIVE_INFINITY : kibiPerSecond * kibi
  }

  /** Adds what the time since the last call allows. */
  #allow(clock: Clock): void {
    const now = clock.monotonic()
    const bytesPerMs = this.#bytesPerSecond / 1_000
    if (bytesPerMs === Number.POSITIVE_INFINITY) this.#allowance = 0
    else {
      const earned = this.#allowance + (now - this.#allowedAt) * bytesPerMs
      this.#allowance = Math.min(earned, burstMs * bytesPerMs)
    }
    this.#allowedAt = now
  }
}

function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve))
}
