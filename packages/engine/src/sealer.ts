import type { Jobs } from './background/jobs.ts'
import type { Clock } from './clock.ts'
import type { DataFile } from './data-file.ts'
import { passingDiskError } from './disk-error.ts'
import { segmentFileName } from './file-names.ts'
import { writeFully } from './file-system/transfer.ts'
import type { FileTable } from './file-table.ts'
import type { OpenSegment } from './log-writer.ts'
import type { Logger } from './logger.ts'
import { encodeSegmentFooter, footerCrc, segmentHeaderBytes, segmentKind } from './segment.ts'

/** Who hears what became of a segment. */
export interface SealObserver {
  /** A segment has its footer. */
  sealed(): void
  /** A sealed segment has its hint, if it can have one. */
  hinted(): void
  /** The disk failed: no file on it can be trusted with more. */
  failed(error: unknown): void
}

/**
 * Seals closed log segments, one after the other and off the path of any write: footer, sync; then writes their
 * hints. Nothing here can lose data. A segment whose footer cannot be written stays closed: it is read as before,
 * waits for the next attempt, and is scanned at the next open. A hint that cannot be written is done without.
 */
export class Sealer {
  readonly #jobs: Jobs
  readonly #files: FileTable
  readonly #directory: string
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #observer: SealObserver
  #waiting: OpenSegment[] = []
  #refused: OpenSegment[] = []
  #running: Promise<void> | undefined
  /** Sealed segments that wait for their hint. */
  readonly #withoutHint: DataFile[] = []
  #hinting: Promise<void> | undefined
  #closing = false

  constructor(
    jobs: Jobs,
    files: FileTable,
    directory: string,
    clock: Clock,
    logger: Logger,
    observer: SealObserver,
  ) {
    this.#jobs = jobs
    this.#files = files
    this.#directory = directory
    this.#clock = clock
    this.#logger = logger
    this.#observer = observer
  }

  /** Segments that wait for their seal. */
  get waiting(): number {
    return this.#waiting.length + this.#refused.length
  }

  add(segment: OpenSegment): void {
    this.#waiting.push(segment)
    this.retry()
  }

  /** Takes in a sealed segment that has no hint. */
  addUnhinted(file: DataFile): void {
    this.#withoutHint.push(file)
    if (this.#hinting === undefined) this.#startHints()
  }

  /** Takes up again what ran out of space or descriptors. */
  retry(): void {
    this.#waiting.push(...this.#refused)
    this.#refused = []
    if (this.#waiting.length > 0) this.#start()
  }

  /** Resolves once all that can be sealed is sealed. */
  async idle(): Promise<void> {
    while (this.#running !== undefined || this.#hinting !== undefined) {
      await this.#running
      await this.#hinting
    }
  }

  /** Stops after the segment in hand. The rest is sealed after the next open. */
  async close(): Promise<void> {
    this.#closing = true
    await this.idle()
  }

  #start(): void {
    if (this.#running !== undefined) return
    this.#running = this.#run().finally(() => {
      this.#running = undefined
      if (this.#waiting.length > 0 && !this.#closing) this.#start()
    })
  }

  async #run(): Promise<void> {
    // A turn later, so that the roll that closed the segment is over.
    await this.#clock.nextTurn()
    while (this.#waiting.length > 0 && !this.#closing) {
      const segment = this.#waiting[0]!
      const isDone = await this.#seal(segment)
      this.#waiting.shift()
      if (!isDone) this.#refused.push(segment)
    }
  }

  /** False when it is worth another attempt. */
  async #seal(segment: OpenSegment): Promise<boolean> {
    const { file } = segment
    try {
      await this.#writeFooter(segment)
    } catch (error) {
      this.#logger.warn(
        { err: error, file: file.path },
        'a full segment could not be sealed; no data is affected',
      )
      if (passingDiskError(error, 'the segment was not sealed') !== undefined) return false
      this.#observer.failed(error)
      return true
    }
    this.#observer.sealed()
    this.addUnhinted(file)
    return true
  }

  #startHints(): void {
    this.#hinting = this.#writeHints().finally(() => {
      this.#hinting = undefined
      // What came between the last hint's end and now.
      if (this.#withoutHint.length > 0 && !this.#closing) this.#startHints()
    })
  }

  async #writeHints(): Promise<void> {
    while (!this.#closing) {
      const file = this.#withoutHint.shift()
      if (file === undefined) return
      // A merge may have taken it in meanwhile.
      if (!this.#files.has(file)) continue
      const release = this.#files.pin([this.#files.slotOf(file)])
      try {
        await this.#writeHint(file)
      } catch (error) {
        this.#logger.warn(
          { err: error, file: file.path },
          'a hint could not be written; the next open scans the segment',
        )
      } finally {
        await release()
      }
      this.#observer.hinted()
    }
  }

  async #writeFooter({ file, handle }: OpenSegment): Promise<void> {
    const footer = encodeSegmentFooter({
      kind: segmentKind.log,
      chainAfter: file.chainAfter,
      lowestIndex: file.lowestIndex,
      highestIndex: file.highestIndex,
      records: file.records,
      bytes: file.bytes - segmentHeaderBytes,
    })
    // What stands behind the last frame, such as half a footer of an earlier attempt, goes.
    await handle.truncate(file.bytes)
    await writeFully(handle, footer, file.bytes)
    await handle.sync()
    // In one step: whoever looks at the file finds it with its footer or without.
    file.footerCrc = footerCrc(footer)
    file.bytes += footer.length
    file.state = 'sealed'
  }

  #writeHint(file: DataFile): Promise<void> {
    const { id, bytes, start, highestIndex, footerCrc } = file
    return this.#jobs.writeSegmentHint({
      folder: `${this.#directory}/${file.directory}`,
      fileName: segmentFileName(id),
      id,
      bytes,
      start,
      highestIndex,
      footerCrc,
    })
  }
}
