import { assert } from './assert.ts'
import { chainAfter } from './crc32.ts'
import {
  frameBytesTarget,
  frameHeaderBytes,
  frameRecordsTarget,
  type LogPosition,
  sealFrame,
} from './frame.ts'
import { keyText, mapKey } from './key-text.ts'
import { encodeRecord, type RecordKind, RecordView, recordBytes, recordKind } from './record.ts'

const bufferBytesMin = 64 * 1024
/** A buffer that a burst has grown beyond this is given back once the burst is written. */
const bufferBytesKept = 4 * 1024 * 1024

/** One put or delete, as it goes into the log. The bytes are copied at once. */
export interface LogOperation {
  readonly kind: RecordKind
  readonly key: Uint8Array
  readonly value: Uint8Array
  /** ms since the epoch, or `neverExpires`. */
  readonly expiresAt: number
}

/** Operations that become durable together: a list, or something that gives them one by one, each good until the next. */
export interface LogOperations {
  readonly length: number
  /** Of all their records, in bytes; where it is not known it is summed up. */
  readonly recordsBytes?: number
  at(place: number): LogOperation | undefined
}

/** A caller that waits for its frame. */
export interface Waiter {
  /** Wants the frame on the disk whatever the store's mode is. */
  readonly wantsSync: boolean
  /** `now`: on the monotonic clock, in ms. */
  committed(synced: boolean, now: number): void
  failed(error: Error): void
}

/** The state of a key that operations not yet applied will leave. */
export interface PendingKey {
  readonly index: number
  readonly exists: boolean
  /** ms since the epoch, or `neverExpires`. */
  readonly expiresAt: number
}

/** Frames of a group that are written together. `bytes` is good until the group is emptied. */
export interface Run {
  readonly bytes: Buffer
  readonly frames: readonly GroupFrame[]
  /** Where the log stands before the run and after it. */
  readonly start: LogPosition
  readonly end: LogPosition
  readonly records: number
  readonly wantsSync: boolean
}

export interface GroupFrame {
  readonly start: number
  readonly end: number
  readonly records: number
  /** Of the frame that would follow. */
  readonly position: LogPosition
  readonly waiters: readonly Waiter[]
}

/**
 * Records of many callers, gathered and encoded into frames while the group before is being written. The
 * buffer is reused from group to group.
 */
export class Group {
  #buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytesMin)
  #end = 0
  #frames: GroupFrame[] = []
  #nextRun = 0
  #start: LogPosition
  /** Of the frame that is open: */
  #frameStart = 0
  #frameRecords = 0
  #frameTimestamp = 0
  #framePosition: LogPosition
  #waiters: Waiter[] = []
  /** By key as text: its newest operation, for the operations that somebody has asked after so far. */
  readonly #newest = new Map<string, PendingKey>()
  /** The operations up to here are in `#newest`: a number of closed frames, and the end of a record behind them. */
  #indexedFrames = 0
  #indexedEnd = 0

  constructor(position: LogPosition) {
    this.#start = position
    this.#framePosition = position
  }

  /** Gathered bytes that have not been taken as a run. */
  get bytes(): number {
    return this.#end - (this.#frames[this.#nextRun]?.start ?? this.#frameStart)
  }

  get isEmpty(): boolean {
    return this.#nextRun === this.#frames.length && this.#frameRecords === 0
  }

  /** Index of the next record. */
  get nextIndex(): number {
    return this.#framePosition.index + this.#frameRecords
  }

  /** Where the log stands behind the closed frames. */
  get position(): LogPosition {
    return this.#framePosition
  }

  /** Empties the group; its first frame will stand at `position`. */
  reset(position: LogPosition): void {
    if (this.#buffer.length > bufferBytesKept) this.#buffer = Buffer.allocUnsafeSlow(bufferBytesMin)
    this.#end = 0
    this.#frames = []
    this.#nextRun = 0
    this.#start = position
    this.#frameStart = 0
    this.#frameRecords = 0
    this.#framePosition = position
    this.#waiters = []
    this.#newest.clear()
    this.#indexedFrames = 0
    this.#indexedEnd = 0
  }

  /**
   * Adds operations that become durable together, in one frame. Returns the index of the first.
   * `now` is the time for a frame that starts with them.
   */
  add(operations: LogOperations, now: number, waiter: Waiter): number {
    this.#makeRoom(operations.recordsBytes ?? recordsBytesOf(operations), operations.length)
    if (this.#frameRecords === 0) this.#openFrame(now)
    const firstIndex = this.nextIndex
    const { length } = operations
    for (let place = 0; place < length; place++) {
      const { kind, key, value, expiresAt } = operations.at(place)!
      const index = this.nextIndex
      this.#end = encodeRecord(
        this.#buffer,
        this.#end,
        kind,
        index,
        this.#frameTimestamp,
        key,
        value,
        expiresAt,
      )
      this.#frameRecords++
    }
    this.#waiters.push(waiter)
    return firstIndex
  }

  /**
   * What the operations in the group will leave of a key, if any touches it. They are indexed by key only now:
   * most groups are never asked.
   */
  pendingKey(key: Uint8Array): PendingKey | undefined {
    for (; this.#indexedFrames < this.#frames.length; this.#indexedFrames++) {
      const frame = this.#frames[this.#indexedFrames]!
      this.#indexFrame(frame.start, frame.end)
    }
    if (this.#frameRecords > 0) this.#indexFrame(this.#frameStart, this.#end)
    return this.#newest.get(mapKey(keyText(key)))
  }

  /** Closes the open frame: the group's frames are complete. */
  closeFrame(): void {
    if (this.#frameRecords === 0) return
    const start = this.#frameStart
    const crc = sealFrame(
      this.#buffer,
      start,
      this.#end,
      this.#frameRecords,
      this.#framePosition,
      this.#frameTimestamp,
    )
    this.#framePosition = {
      index: this.#framePosition.index + this.#frameRecords,
      term: this.#framePosition.term,
      chain: chainAfter(this.#framePosition.chain, crc),
    }
    this.#frames.push({
      start,
      end: this.#end,
      records: this.#frameRecords,
      position: this.#framePosition,
      waiters: this.#waiters,
    })
    this.#frameStart = this.#end
    this.#frameRecords = 0
    this.#waiters = []
  }

  /** Takes the next frames, at least one and no more than bring their sum to `bytesMax`. Undefined when none is left. */
  takeRun(bytesMax: number): Run | undefined {
    assert(this.#frameRecords === 0, 'runs are taken of a group whose frames are closed')
    const first = this.#frames[this.#nextRun]
    if (first === undefined) return undefined
    const start = this.#nextRun === 0 ? this.#start : this.#frames[this.#nextRun - 1]!.position
    const frames: GroupFrame[] = []
    let frame: GroupFrame | undefined = first
    while (frame !== undefined && (frames.length === 0 || frame.start - first.start < bytesMax)) {
      frames.push(frame)
      frame = this.#frames[this.#nextRun + frames.length]
    }
    this.#nextRun += frames.length
    const last = frames.at(-1)!
    return {
      bytes: this.#buffer.subarray(first.start, last.end),
      frames,
      start,
      end: last.position,
      records: last.position.index - start.index,
      wantsSync: frames.some(({ waiters }) => waiters.some(({ wantsSync }) => wantsSync)),
    }
  }

  /** Tells everybody whose frame has not been taken that it failed. */
  failRest(error: Error): void {
    const rest = this.#frames.slice(this.#nextRun).flatMap(({ waiters }) => waiters)
    for (const waiter of [...rest, ...this.#waiters]) waiter.failed(error)
  }

  #indexFrame(start: number, end: number): void {
    const record = new RecordView()
    for (let at = Math.max(start + frameHeaderBytes, this.#indexedEnd); at < end; at = record.end) {
      record.read(this.#buffer, at, end)
      this.#newest.set(mapKey(keyText(record.key)), {
        index: record.index,
        exists: record.kind === recordKind.put,
        expiresAt: record.expiresAt,
      })
    }
    this.#indexedEnd = end
  }

  #openFrame(now: number): void {
    this.#frameStart = this.#end
    this.#frameTimestamp = now
    this.#end += frameHeaderBytes
  }

  #makeRoom(recordsBytes: number, records: number): void {
    const full =
      this.#end - this.#frameStart + recordsBytes > frameBytesTarget ||
      this.#frameRecords + records > frameRecordsTarget
    if (full) this.closeFrame()
    const end = this.#end + frameHeaderBytes + recordsBytes
    if (end <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(end, this.#buffer.length * 2))
    this.#buffer.copy(larger, 0, 0, this.#end)
    this.#buffer = larger
  }
}

function recordsBytesOf(operations: LogOperations): number {
  let bytes = 0
  for (let place = 0; place < operations.length; place++) {
    const { key, value, expiresAt } = operations.at(place)!
    bytes += recordBytes(key.length, value.length, expiresAt)
  }
  return bytes
}
