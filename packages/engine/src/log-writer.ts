import type { Clock } from './clock.ts'
import { DataFile } from './data-file.ts'
import { passingDiskError } from './disk-error.ts'
import { KvError, systemErrorCode } from './errors.ts'
import { logDirectoryName, nextSegmentFileName } from './file-names.ts'
import type { FileSystem, WritableFile } from './file-system/file-system.ts'
import { writeFully, writeFullySync } from './file-system/transfer.ts'
import type { LogPosition } from './frame.ts'
import type { Run } from './group.ts'
import type { DurablePoint, MarksWriter } from './marks-writer.ts'
import { PreparedSpace } from './prepared-space.ts'
import { encodeSegmentHeader, segmentHeaderBytes, segmentKind } from './segment.ts'
import { removeIfThere } from './small-file.ts'

/**
 * Runs up to this size, in bytes, are written in the same turn of the event loop: the page cache takes them in
 * some 150 us, about what a way to the thread pool and back costs when nobody has anything else to do meanwhile.
 */
const quickWriteBytesMax = 512 * 1024
/** A write that took longer than this, in ms, waited for the disk: the next ones go through the thread pool. */
const slowWriteMs = 1
const pooledWritesAfterSlowOne = 64

export interface LogWriterOptions {
  /** A segment of so many bytes is full. */
  readonly segmentBytes: number
  /** Every write is synced before the next. */
  readonly syncAlways: boolean
}

/** A log segment with a descriptor to write through. */
export interface OpenSegment {
  readonly file: DataFile
  readonly handle: WritableFile
}

/**
 * Appends to the active segment, syncs it and rolls to the next.
 *
 * A failed write or sync is final for the trust in that file: only a write that ran out of space and could
 * be taken back leaves the log as it was, and is a `KV_DISK_FULL`. Every other error must end the writing.
 */
export class LogWriter {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #clock: Clock
  readonly #marks: MarksWriter
  readonly #syncAlways: boolean
  #active: OpenSegment
  /** Of the active segment, where every write is synced. */
  #prepared: PreparedSpace | undefined
  #position: LogPosition
  /** Bytes of the active segment that a sync has covered. */
  #syncedBytes: number
  #syncing: Promise<void> | undefined
  #failure: { readonly error: unknown } | undefined
  #pooledWritesLeft = 0

  /** The active segment, and its file, ends at `position` and is durable up to there. */
  constructor(
    fileSystem: FileSystem,
    directory: string,
    { segmentBytes, syncAlways }: LogWriterOptions,
    clock: Clock,
    marks: MarksWriter,
    active: OpenSegment,
    position: LogPosition,
  ) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#segmentBytes = segmentBytes
    this.#syncAlways = syncAlways
    this.#clock = clock
    this.#marks = marks
    this.#active = active
    this.#position = position
    this.#syncedBytes = active.file.bytes
    this.#prepareSpace()
  }

  get active(): OpenSegment {
    return this.#active
  }

  /** Where the log ends. */
  get position(): LogPosition {
    return this.#position
  }

  /** When a segment closes depends on its content only. */
  get isFull(): boolean {
    return this.#active.file.bytes >= this.#segmentBytes
  }

  /** The active segment holds no frame. */
  get isEmpty(): boolean {
    return this.#active.file.bytes === segmentHeaderBytes
  }

  /** Bytes after which the active segment is full. */
  get room(): number {
    return this.#segmentBytes - this.#active.file.bytes
  }

  get isSynced(): boolean {
    return this.#syncedBytes === this.#active.file.bytes
  }

  /** Writes a run behind the end of the log. Returns its byte offset in the active segment. */
  write(run: Run): Promise<number> {
    return this.#trusted(() => this.#write(run))
  }

  /** Makes all that is written durable. Writes may go on meanwhile; what they add is not covered. */
  sync(): Promise<void> {
    return this.#trusted(() => this.#sync())
  }

  /**
   * Closes the active segment and starts the next. Returns the closed one. A `KV_DISK_FULL` or `KV_TRY_LATER`
   * has changed nothing.
   */
  roll(): Promise<OpenSegment> {
    return this.#trusted(() => this.#roll())
  }

  /** Makes the end of the log durable and marks it: what a clean close leaves behind. */
  finish(): Promise<void> {
    return this.#trusted(async () => {
      await this.#endActive()
      await this.#marks.markNow(this.#point())
    })
  }

  /**
   * After an error that is not harmless nothing is tried again: a second sync would succeed without having
   * written what the first could not (Rebello et al., "Can Applications Recover from fsync Failures?",
   * USENIX ATC 2020).
   */
  async #trusted<T>(step: () => Promise<T>): Promise<T> {
    if (this.#failure !== undefined) throw this.#failure.error
    try {
      return await step()
    } catch (error) {
      if (!(error instanceof KvError)) this.#failure ??= { error }
      throw error
    }
  }

  async #write(run: Run): Promise<number> {
    const { file, handle } = this.#active
    const offset = file.bytes
    const isQuick = this.#isQuick(run)
    try {
      if (isQuick) this.#writeNow(run, offset)
      else await writeFully(handle, run.bytes, offset)
    } catch (error) {
      if (systemErrorCode(error) !== 'ENOSPC') throw error
      await handle.truncate(offset)
      // Else a power cut could bring back what its caller was told is not done.
      await handle.sync()
      this.#syncedBytes = offset
      this.#prepareSpace()
      throw passingDiskError(error, 'this write was not made') ?? error
    }
    const end = offset + run.bytes.length
    if (this.#prepared !== undefined) await this.#prepared.follow(handle, offset, end, isQuick)
    file.bytes = end
    file.records += run.records
    file.highestIndex = run.end.index - 1
    file.chainAfter = run.end.chain
    this.#position = run.end
    return offset
  }

  #isQuick(run: Run): boolean {
    if (run.bytes.length > quickWriteBytesMax) return false
    if (this.#pooledWritesLeft === 0) return true
    this.#pooledWritesLeft--
    return false
  }

  #writeNow(run: Run, offset: number): void {
    const start = this.#clock.monotonic()
    writeFullySync(this.#active.handle, run.bytes, offset)
    if (this.#clock.monotonic() - start > slowWriteMs) {
      this.#pooledWritesLeft = pooledWritesAfterSlowOne
    }
  }

  async #sync(): Promise<void> {
    await this.#alone(async () => {
      if (!this.isSynced) await this.#syncActive()
    })
  }

  /** Makes the active segment durable, and its file end where the log does. */
  async #endActive(): Promise<void> {
    const { file, handle } = this.#active
    await this.#alone(async () => {
      const isCut = await this.#prepared?.cut(handle, file.bytes)
      if (isCut === true || !this.isSynced) await this.#syncActive()
    })
  }

  /** Two syncs at once would not tell which writes each of them covers. */
  async #alone(step: () => Promise<void>): Promise<void> {
    while (this.#syncing !== undefined) await this.#syncing
    this.#syncing = step()
    try {
      await this.#syncing
    } finally {
      this.#syncing = undefined
    }
  }

  async #roll(): Promise<OpenSegment> {
    await this.#endActive()
    await this.#marks.markNow(this.#point())
    const next = await this.#startNext().catch((error: unknown) => {
      // A successor that was started and left stands where the next attempt puts one with the same bytes.
      throw passingDiskError(error, 'this write was not made') ?? error
    })
    const closed = this.#active
    closed.file.state = 'closed'
    this.#active = next
    this.#syncedBytes = segmentHeaderBytes
    this.#prepareSpace()
    return closed
  }

  /** Prepares space in the active segment from now on, whose file ends where the log does. */
  #prepareSpace(): void {
    if (!this.#syncAlways) return
    this.#prepared = new PreparedSpace(this.#segmentBytes, this.#active.file.bytes)
  }

  async #syncActive(): Promise<void> {
    const { handle } = this.#active
    const point = this.#point()
    await handle.sync()
    this.#syncedBytes = point.offset
    this.#marks.note(point)
  }

  #point(): DurablePoint {
    const last = this.#position.index - 1
    return {
      index: last,
      term: this.#position.term,
      commit: last,
      segment: this.#active.file.id,
      offset: this.#active.file.bytes,
      chain: this.#position.chain,
    }
  }

  /** Makes the segment that follows, durable with its name. */
  async #startNext(): Promise<OpenSegment> {
    const logDirectory = `${this.#directory}/${logDirectoryName}`
    const nextPath = `${logDirectory}/${nextSegmentFileName}`
    await removeIfThere(this.#fileSystem, nextPath)
    const handle = await this.#fileSystem.createFile(nextPath)
    try {
      const { chain, index } = this.#position
      const header = { kind: segmentKind.log, chainBefore: chain, firstIndex: index }
      await writeFully(handle, encodeSegmentHeader(header), 0)
      await handle.sync()
      const file = DataFile.log(this.#position, 'active', segmentHeaderBytes)
      await this.#fileSystem.rename(nextPath, `${this.#directory}/${file.path}`)
      await this.#fileSystem.syncDirectory(logDirectory)
      return { file, handle }
    } catch (error) {
      await handle.close().catch(() => undefined)
      throw error
    }
  }
}
