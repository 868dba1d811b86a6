import type { Clock } from './clock.ts'
import { KvError } from './errors.ts'
import {
  Group,
  type GroupFrame,
  type LogOperations,
  type PendingKey,
  type Run,
  type Waiter,
} from './group.ts'
import type { LogWriter, OpenSegment } from './log-writer.ts'

/** Bytes written and synced in one go. */
const runBytesMax = 1024 * 1024
/** Frames are applied, and their callers answered, for so long in one turn of the event loop, in ms. */
const applySliceMs = 1

export interface CommitQueueOptions {
  /** Sync before every acknowledgement. */
  readonly syncAlways: boolean
  /** Gathered and unwritten bytes beyond which operations are refused. */
  readonly pendingBytesMax: number
}

export interface CommitObserver {
  /** Makes a frame of a run visible: it is as durable as its acknowledgement will say. The run stands at `offset` of the active segment. */
  apply(run: Run, frame: GroupFrame, offset: number): void
  /** The active segment has been closed, and another one stands in its place. */
  rolled(closed: OpenSegment): void
  /** How long the next run is to wait before it is written, in ms; 0 for not at all. */
  holdBack(): number
  /** A group was written; `syncMs` is undefined when it was not synced. */
  written(records: number, bytes: number, syncMs: number | undefined): void
  /** Writing has ended for good. */
  failed(error: unknown): void
}

interface PromisedRoll {
  resolve(): void
  reject(error: unknown): void
}

interface Watcher {
  readonly index: number
  readonly waiter: Waiter
}

/**
 * Group commit: operations of all callers gather into one group while the group before is written and
 * synced, without any delay of its own. Groups are written in order, applied in order, and only then
 * acknowledged.
 */
export class CommitQueue {
  readonly #log: LogWriter
  readonly #clock: Clock
  readonly #options: CommitQueueOptions
  readonly #observer: CommitObserver
  #watchers: Watcher[] = []
  /** Who waits for the active segment to be closed. */
  #rolls: PromisedRoll[] = []
  #gathering: Group
  #writing: Group
  #running: Promise<void> | undefined
  #lastTimestamp: number
  /** Index behind the last applied record. */
  #appliedEnd: number
  #failure: unknown

  constructor(
    log: LogWriter,
    clock: Clock,
    lastTimestamp: number,
    options: CommitQueueOptions,
    observer: CommitObserver,
  ) {
    this.#log = log
    this.#clock = clock
    this.#lastTimestamp = lastTimestamp
    this.#appliedEnd = log.position.index
    this.#options = options
    this.#observer = observer
    this.#gathering = new Group(log.position)
    this.#writing = new Group(log.position)
  }

  /** Bytes that wait to be written. */
  get pendingBytes(): number {
    return this.#gathering.bytes + this.#writing.bytes
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined
  }

  /** What the operations under way will leave of a key, if any touches it. */
  pendingKey(key: Uint8Array): PendingKey | undefined {
    const pending = this.#gathering.pendingKey(key) ?? this.#writing.pendingKey(key)
    return pending === undefined || pending.index < this.#appliedEnd ? undefined : pending
  }

  /**
   * Takes in operations that become durable and visible together. Returns the index of the first; `waiter`
   * hears how it ended. Throws `KV_TRY_LATER` when too much is under way.
   */
  submit(operations: LogOperations, waiter: Waiter): number {
    this.refuseIfFailed()
    if (this.pendingBytes > this.#options.pendingBytesMax) {
      throw new KvError(
        'KV_TRY_LATER',
        `${this.pendingBytes} bytes wait to be written, more than pendingBytesMax; nothing was written; try again shortly`,
        { details: { retryAfterMs: 50 } },
      )
    }
    const firstIndex = this.#gathering.add(operations, this.timestamp(), waiter)
    this.#start()
    return firstIndex
  }

  /** `waiter` hears how the operation with this index, which is gathered or in flight, ends. */
  watch(index: number, waiter: Waiter): void {
    this.#watchers.push({ index, waiter })
  }

  /**
   * Resolves once all that was submitted before is applied, with the index of the last of it, or rejects with why some
   * of it is not.
   */
  async settled(): Promise<number> {
    this.refuseIfFailed()
    const lastIndex = this.#gathering.nextIndex - 1
    if (lastIndex >= this.#appliedEnd) {
      await new Promise<void>((resolve, reject) => {
        this.watch(lastIndex, { wantsSync: false, committed: () => resolve(), failed: reject })
      })
    }
    return lastIndex
  }

  /** Resolves once all that was submitted before has ended, well or badly. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  /**
   * Closes the active segment between two groups, unless it is empty. Rejects with KV_DISK_FULL or KV_TRY_LATER when
   * that found no room: then nothing has changed. Any other failure ends the writing.
   */
  roll(): Promise<void> {
    this.refuseIfFailed()
    return new Promise((resolve, reject) => {
      this.#rolls.push({ resolve, reject })
      this.#start()
    })
  }

  /** Syncs all that is written. A failure ends the writing and is thrown. */
  async sync(): Promise<void> {
    this.refuseIfFailed()
    try {
      await this.#log.sync()
    } catch (error) {
      throw this.#fail(error)
    }
  }

  /** Ends the writing: a disk, or the store's state on it, can no longer be trusted. Returns what callers get. */
  fail(error: unknown): KvError {
    return this.#fail(error)
  }

  /** Throws `KV_STORAGE_FAILED` once the writing has ended. */
  refuseIfFailed(): void {
    if (this.#failure !== undefined) {
      throw new KvError(
        'KV_STORAGE_FAILED',
        'the store stopped writing after a disk error; nothing was written; see to the disk and restart',
        { cause: this.#failure },
      )
    }
  }

  #start(): void {
    if (this.#running !== undefined) return
    // A microtask later, so that all operations of one event-loop turn's burst share the first group.
    this.#running = Promise.resolve()
      .then(() => this.#writeGroups())
      .finally(() => {
        this.#running = undefined
        // What came between the last group's end and now.
        if (this.#hasWork) this.#start()
      })
  }

  get #hasWork(): boolean {
    return !this.#gathering.isEmpty || this.#rolls.length > 0
  }

  async #writeGroups(): Promise<void> {
    while (this.#hasWork) {
      await this.#rollWhenAsked()
      if (this.#gathering.isEmpty) continue
      const group = this.#gathering
      group.closeFrame()
      this.#gathering = this.#writing
      this.#gathering.reset(group.position)
      this.#writing = group
      try {
        // The writing may have been ended from elsewhere since the group was gathered.
        this.refuseIfFailed()
        await this.#writeGroup(group)
      } catch (error) {
        this.#drop(group, error)
      }
      group.reset(group.position)
      // Writes that were quick have not left this turn: others want theirs.
      if (!this.#options.syncAlways) await this.#clock.nextTurn()
    }
  }

  async #holdBack(): Promise<void> {
    const holdMs = this.#observer.holdBack()
    if (holdMs === 0) return
    await new Promise<void>((resolve) => {
      this.#clock.after(holdMs, resolve, true)
    })
    // The writing may have been ended from elsewhere meanwhile.
    this.refuseIfFailed()
  }

  async #rollWhenAsked(): Promise<void> {
    const rolls = this.#rolls
    if (rolls.length === 0) return
    this.#rolls = []
    try {
      this.refuseIfFailed()
      if (!this.#log.isEmpty) this.#observer.rolled(await this.#log.roll())
      for (const roll of rolls) roll.resolve()
    } catch (error) {
      const failure = this.#isHarmless(error) ? error : this.#fail(error)
      for (const roll of rolls) roll.reject(failure)
    }
  }

  async #writeGroup(group: Group): Promise<void> {
    for (;;) {
      if (this.#log.isFull) this.#observer.rolled(await this.#log.roll())
      const run = group.takeRun(Math.min(runBytesMax, this.#log.room))
      if (run === undefined) return
      try {
        await this.#holdBack()
        await this.#writeRun(run)
      } catch (error) {
        const failure = this.#isHarmless(error) ? error : this.#fail(error)
        for (const { waiters } of run.frames) for (const waiter of waiters) waiter.failed(failure)
        throw failure
      }
    }
  }

  async #writeRun(run: Run): Promise<void> {
    const offset = await this.#log.write(run)
    const syncs = this.#options.syncAlways || run.wantsSync
    const syncStart = this.#clock.monotonic()
    if (syncs) await this.#log.sync()
    const syncMs = syncs ? this.#clock.monotonic() - syncStart : undefined
    this.#observer.written(run.records, run.bytes.length, syncMs)
    let sliceStart = this.#clock.monotonic()
    for (const frame of run.frames) {
      this.#observer.apply(run, frame, offset)
      this.#appliedEnd = frame.position.index
      const now = this.#clock.monotonic()
      for (const waiter of frame.waiters) waiter.committed(syncs, now)
      this.#tellWatchers(frame.position.index, (waiter) => waiter.committed(syncs, now))
      if (now - sliceStart < applySliceMs) continue
      await this.#clock.nextTurn()
      sliceStart = this.#clock.monotonic()
    }
  }

  /**
   * After a failure: what was gathered behind the failed run was evaluated on it and goes with it. The log
   * goes on where it ended, unless the failure is final.
   */
  #drop(group: Group, error: unknown): void {
    const failure = this.#isHarmless(error) ? error : this.#fail(error)
    group.failRest(failure)
    this.#gathering.closeFrame()
    this.#gathering.failRest(failure)
    this.#tellWatchers(Number.POSITIVE_INFINITY, (waiter) => waiter.failed(failure))
    group.reset(this.#log.position)
    this.#gathering.reset(this.#log.position)
  }

  #tellWatchers(indexEnd: number, tell: (waiter: Waiter) => void): void {
    if (this.#watchers.length === 0) return
    const told = this.#watchers.filter(({ index }) => index < indexEnd)
    this.#watchers = this.#watchers.filter(({ index }) => index >= indexEnd)
    for (const { waiter } of told) tell(waiter)
  }

  #isHarmless(error: unknown): error is KvError {
    return (
      error instanceof KvError && (error.code === 'KV_DISK_FULL' || error.code === 'KV_TRY_LATER')
    )
  }

  #fail(error: unknown): KvError {
    const failure = storageFailed(error)
    if (this.#failure === undefined) {
      this.#failure = failure
      this.#observer.failed(error)
    }
    return failure
  }

  /** ms since the epoch; never goes back. */
  timestamp(): number {
    this.#lastTimestamp = Math.max(this.#lastTimestamp, Math.floor(this.#clock.now()))
    return this.#lastTimestamp
  }
}

function storageFailed(cause: unknown): KvError {
  if (cause instanceof KvError && cause.code === 'KV_STORAGE_FAILED') return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new KvError(
    'KV_STORAGE_FAILED',
    `the disk failed (${reason}); whether this write is on it is unknown; the store takes no more writes: see to the disk and restart`,
    { cause },
  )
}
