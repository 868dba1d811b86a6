/**
 * The part of a merge that takes long: it changes nothing that the store knows of, and can run on another
 * thread.
 *
 * The inputs' hints are walked as one, key by key. Of each key the newest record among the inputs is judged: a
 * put lives if the keydir still names that very record; a tombstone lives while an older record of its key may
 * lie in a file outside the inputs, which would come back without it. Where the keydir cannot tell, a record
 * lives. What lives is copied verbatim into new files with their hints, all made durable.
 */
import type { Clock } from '../clock.ts'
import { DataFile, type DataFileDescription } from '../data-file.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { SheddingFileSystem } from '../file-system/shedding-file-system.ts'
import { FileTable } from '../file-table.ts'
import type { HintEntry } from '../hint.ts'
import type { HintCursor } from '../hint-cursor.ts'
import { mergeHints } from '../hint-merge.ts'
import { KeydirView, noIndex, type SharedKeydir } from '../keydir/keydir-view.ts'
import type { ManifestFile } from '../manifest.ts'
import { recordKind } from '../record.ts'
import { type RecordAddress, RecordReader } from '../record-reader.ts'
import { hintFilesOpenMax, openSealedFileCursor } from '../sealed-file-cursor.ts'
import { MergeControl } from './merge-control.ts'
import { OutputWriter } from './output-writer.ts'

/** Records copied between two checkpoints. */
const recordsPerBatch = 256
const bytesPerBatch = 1024 * 1024
/** Inputs kept open at once. */
const openFilesMax = 64

/** Can be sent to a worker thread. */
export interface MergeJob {
  /** The store's. */
  readonly directory: string
  /** An output is closed at this size. */
  readonly outputBytes: number
  readonly firstOutputId: number
  readonly inputs: readonly DataFileDescription[]
  /** The store's other files. */
  readonly outside: readonly DataFileDescription[]
  readonly keydir: SharedKeydir
  /** Of a {@link MergeControl}. */
  readonly control: SharedArrayBuffer
}

export interface MergeJobResult {
  readonly outputs: readonly ManifestFile[]
  readonly liveRecords: number
  readonly keptTombstones: number
}

/** Writes the outputs. When it throws, some may be left: removing them is the caller's. */
export async function runMergeJob(
  fileSystem: FileSystem,
  clock: Clock,
  job: MergeJob,
): Promise<MergeJobResult> {
  const files = new FileTable(fileSystem, job.directory, openFilesMax, () => undefined)
  // Inputs that are only kept open for later give way to outputs.
  const writing = new SheddingFileSystem(fileSystem, () => files.shed())
  const writer = new OutputWriter(writing, job.directory, job.outputBytes, job.firstOutputId)
  try {
    const copier = new LiveRecordCopier(fileSystem, clock, job, files, writer)
    await copier.copyAll()
    const outputs = await writer.finish()
    return { outputs, ...copier.counts }
  } catch (error) {
    await writer.abandon()
    throw error
  } finally {
    await files.close().catch(() => undefined)
  }
}

/** Judges the inputs' records and copies the living. */
class LiveRecordCopier {
  readonly #fileSystem: FileSystem
  readonly #clock: Clock
  readonly #directory: string
  readonly #files: FileTable
  readonly #reader: RecordReader
  readonly #writer: OutputWriter
  readonly #keydir: KeydirView
  readonly #control: MergeControl
  readonly #outside: readonly DataFile[]
  readonly #slots: readonly number[]
  #batch: RecordAddress[] = []
  #batchBytes = 0
  #liveRecords = 0
  #keptTombstones = 0

  constructor(
    fileSystem: FileSystem,
    clock: Clock,
    job: MergeJob,
    files: FileTable,
    writer: OutputWriter,
  ) {
    this.#fileSystem = fileSystem
    this.#clock = clock
    this.#directory = job.directory
    this.#files = files
    this.#reader = new RecordReader(files, clock)
    this.#writer = writer
    this.#keydir = new KeydirView(job.keydir)
    this.#control = new MergeControl(job.control)
    this.#outside = job.outside.map((description) => DataFile.described(description))
    this.#slots = job.inputs.map((description) => files.add(DataFile.described(description)))
  }

  get counts(): { liveRecords: number; keptTombstones: number } {
    return { liveRecords: this.#liveRecords, keptTombstones: this.#keptTombstones }
  }

  async copyAll(): Promise<void> {
    const cursors: HintCursor[] = []
    try {
      for (const slot of this.#slots) {
        cursors.push(await this.#openCursor(slot, cursors.length < hintFilesOpenMax))
        this.#control.refuseWhenStopped()
      }
      await mergeHints(cursors, this.#nextTurn, (slot, entry) => this.#judge(slot, entry))
      await this.#flush()
    } finally {
      for (const cursor of cursors) await cursor.close()
    }
  }

  #nextTurn = (): Promise<void> => this.#control.checkpoint(this.#clock)

  #openCursor(slot: number, keepsHintOpen: boolean): Promise<HintCursor> {
    return this.#files.withFile(slot, async (handle) => {
      const { cursor } = await openSealedFileCursor(
        this.#fileSystem,
        this.#directory,
        slot,
        this.#files.file(slot),
        handle,
        this.#nextTurn,
        keepsHintOpen,
        () => this.#control.refuseWhenStopped(),
      )
      return cursor
    })
  }

  #judge(slot: number, entry: HintEntry): Promise<void> | undefined {
    if (!this.#lives(entry)) return undefined
    if (entry.kind === recordKind.put) this.#liveRecords++
    else this.#keptTombstones++
    const { offset, size, index, expiresAt, kind } = entry
    this.#batch.push({
      key: Buffer.from(entry.key),
      kind,
      location: { slot, offset, size, index, expiresAt },
    })
    this.#batchBytes += size
    const isFull = this.#batch.length === recordsPerBatch || this.#batchBytes >= bytesPerBatch
    return isFull ? this.#flush() : undefined
  }

  #lives(entry: HintEntry): boolean {
    const current = this.#keydir.currentIndex(entry.key)
    if (current === undefined) return true
    if (entry.kind === recordKind.put) return current === entry.index
    // A newer put has taken the tombstone's place, and outlives whatever lies outside.
    if (current !== noIndex) return false
    return this.#outside.some((file) => file.mayHoldOlder(entry.key, entry.index))
  }

  async #flush(): Promise<void> {
    const batch = this.#batch
    const batchBytes = this.#batchBytes
    this.#batch = []
    this.#batchBytes = 0
    await this.#nextTurn()
    await this.#control.keepPace(this.#clock, batchBytes, batchBytes)
    for (const record of await this.#reader.readMany(batch)) {
      const pending = this.#writer.add(record)
      if (pending !== undefined) await pending
    }
  }
}
