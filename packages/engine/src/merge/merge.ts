/**
 * Merge: rewrites the live records of its inputs, in key order, into new files, and drops the rest.
 *
 * 1. The inputs' hints are walked as one, key by key. Of each key the newest record among the inputs is
 *    judged: a put lives if the keydir still names that very record; a tombstone lives while an older record
 *    of its key may lie in a file outside the inputs, which would come back without it.
 * 2. What lives is copied verbatim into new files with their hints, all made durable.
 * 3. The log is synced up to `mergedAt`, the index applied when liveness was last judged: what made the dropped
 *    records dead must not be lost after them.
 * 4. MANIFEST is replaced by one that names the outputs instead of the inputs: the one step that counts. A
 *    crash before it leaves the old state, a crash behind it the new one.
 * 5. The keydir is re-pointed in slices, each entry only if it still names the same record in an input.
 * 6. The inputs are removed as soon as nobody reads them.
 */
import { assert } from '../assert.ts'
import type { Clock } from '../clock.ts'
import type { CommitQueue } from '../commit-queue.ts'
import { DataFile } from '../data-file.ts'
import { diskError } from '../disk-error.ts'
import { manifestFileName } from '../file-names.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import type { FileTable } from '../file-table.ts'
import type { HintEntry } from '../hint.ts'
import { HintCursor } from '../hint-cursor.ts'
import { mergeHints } from '../hint-merge.ts'
import type { Keydir } from '../keydir/keydir.ts'
import { encodeManifest, type Manifest, type ManifestFile } from '../manifest.ts'
import { recordKind } from '../record.ts'
import type { RecordAddress, RecordReader } from '../record-reader.ts'
import { hintFilesOpenMax, openSealedFileCursor } from '../sealed-file-cursor.ts'
import { segmentKind } from '../segment.ts'
import { replaceFile } from '../small-file.ts'
import { type MergeOutput, OutputWriter } from './output-writer.ts'

/** Records copied, or entries re-pointed, between two turns of the event loop. */
const recordsPerTurn = 256

/** What a merge works on. */
export interface MergeContext {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly clock: Clock
  readonly files: FileTable
  readonly keydir: Keydir
  readonly reader: RecordReader
  readonly commits: CommitQueue
  readonly segmentBytes: number
  /** Index of the last applied record. */
  appliedIndex(): number
  /** The id of one more output. None is given twice, also when a merge fails. */
  takeOutputId(): number
  /** Throws when the merge should end before it counts. */
  refuseWhenStopping(): void
}

/** What a merge did. Sizes in bytes. */
export interface MergeReport {
  readonly inputFiles: number
  readonly inputBytes: number
  readonly outputFiles: number
  readonly outputBytes: number
  readonly liveRecords: number
  readonly droppedRecords: number
  /** Tombstones kept because an older record may lie outside the inputs. */
  readonly keptTombstones: number
}

/** Merges the files in `slots`. Returns the manifest that now stands on the disk. */
export async function merge(
  context: MergeContext,
  manifest: Manifest,
  slots: readonly number[],
): Promise<{ manifest: Manifest; report: MergeReport }> {
  const { files } = context
  const inputs = new Set(slots)
  const release = files.pin(slots)
  const writer = new OutputWriter(context.fileSystem, context.directory, context.segmentBytes, () =>
    context.takeOutputId(),
  )
  let manifestMayBeReplaced = false
  try {
    const copier = new LiveRecordCopier(context, inputs, writer)
    await copier.copyAll()
    const mergedAt = context.appliedIndex()
    const outputs = await writer.finish()
    await context.commits.sync()
    const next = nextManifest(context, manifest, inputs, outputs, mergedAt)
    await replaceFile(
      context.fileSystem,
      context.directory,
      manifestFileName,
      encodeManifest(next),
      () => {
        manifestMayBeReplaced = true
      },
    )
    const report = { ...copier.report(), ...sizes(context, slots, outputs) }
    await adopt(context, inputs, outputs)
    for (const slot of slots) await files.retire(slot)
    return { manifest: next, report }
  } catch (error) {
    // Which of the two manifests a crash would find is unknown: nothing may be built on either.
    if (manifestMayBeReplaced) throw context.commits.fail(error)
    await writer.abort().catch(() => undefined)
    throw diskError(error, 'the merge was not made')
  } finally {
    await release()
  }
}

/** Judges the inputs' records and copies the living. */
class LiveRecordCopier {
  readonly #context: MergeContext
  readonly #inputs: ReadonlySet<number>
  readonly #writer: OutputWriter
  readonly #outside: readonly DataFile[]
  #batch: RecordAddress[] = []
  #liveRecords = 0
  #keptTombstones = 0

  constructor(context: MergeContext, inputs: ReadonlySet<number>, writer: OutputWriter) {
    this.#context = context
    this.#inputs = inputs
    this.#writer = writer
    const inputFiles = new Set([...inputs].map((slot) => context.files.file(slot)))
    this.#outside = [...context.files.files()].filter((file) => !inputFiles.has(file))
  }

  async copyAll(): Promise<void> {
    const cursors: HintCursor[] = []
    try {
      for (const slot of this.#inputs) {
        cursors.push(await this.#openCursor(slot, cursors.length < hintFilesOpenMax))
      }
      await mergeHints(cursors, this.#nextTurn, (slot, entry) => this.#judge(slot, entry))
      await this.#flush()
    } finally {
      for (const cursor of cursors) await cursor.close()
    }
  }

  report(): Pick<MergeReport, 'liveRecords' | 'keptTombstones'> {
    return { liveRecords: this.#liveRecords, keptTombstones: this.#keptTombstones }
  }

  #nextTurn = (): Promise<void> => this.#context.clock.nextTurn()

  #openCursor(slot: number, keepsHintOpen: boolean): Promise<HintCursor> {
    const { fileSystem, directory, files } = this.#context
    return files.withFile(slot, async (handle) => {
      const file = files.file(slot)
      const { cursor } = await openSealedFileCursor(
        fileSystem,
        directory,
        slot,
        file,
        handle,
        this.#nextTurn,
        keepsHintOpen,
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
    return this.#batch.length < recordsPerTurn ? undefined : this.#flush()
  }

  #lives(entry: HintEntry): boolean {
    const current = this.#context.keydir.lookup(entry.key)
    if (entry.kind === recordKind.put) return current?.index === entry.index
    // A newer put has taken the tombstone's place, and outlives whatever lies outside.
    if (current !== undefined) return false
    return this.#outside.some((file) => file.mayHoldOlder(entry.key, entry.index))
  }

  async #flush(): Promise<void> {
    this.#context.refuseWhenStopping()
    const batch = this.#batch
    this.#batch = []
    const records = await this.#context.reader.readMany(batch)
    for (const record of records) await this.#writer.add(record, record.bytes)
    await this.#nextTurn()
  }
}

function nextManifest(
  context: MergeContext,
  manifest: Manifest,
  inputs: ReadonlySet<number>,
  outputs: readonly MergeOutput[],
  mergedAt: number,
): Manifest {
  const inputFiles = [...inputs].map((slot) => context.files.file(slot))
  const mergedIds = new Set(
    inputFiles.filter(({ kind }) => kind === segmentKind.merge).map(({ id }) => id),
  )
  const kept = manifest.files.filter(({ id }) => !mergedIds.has(id))
  return {
    formatVersion: manifest.formatVersion,
    files: [...kept, ...outputs.map(({ named }) => named)],
    logStart: logStartAfter(manifest, inputFiles),
    mergedAt: Math.max(manifest.mergedAt, mergedAt),
    nextId: Math.max(manifest.nextId, ...outputs.map(({ named }) => named.id + 1)),
  }
}

function logStartAfter(manifest: Manifest, inputFiles: readonly DataFile[]): Manifest['logStart'] {
  const segments = inputFiles
    .filter(({ kind }) => kind === segmentKind.log)
    .sort((a, b) => a.id - b.id)
  let { logStart } = manifest
  for (const segment of segments) {
    assert(segment.id === logStart.index, 'a merge takes a prefix of the log')
    logStart = { ...logStart, index: segment.highestIndex + 1, chain: segment.chainAfter }
  }
  return logStart
}

function sizes(
  { files }: MergeContext,
  slots: readonly number[],
  outputs: readonly MergeOutput[],
): Omit<MergeReport, 'liveRecords' | 'keptTombstones'> {
  const inputFiles = slots.map((slot) => files.file(slot))
  const outputFiles = outputs.map(({ named }) => named)
  const inputRecords = sum(inputFiles, ({ records }) => records)
  return {
    inputFiles: inputFiles.length,
    inputBytes: sum(inputFiles, ({ bytes }) => bytes),
    outputFiles: outputFiles.length,
    outputBytes: sum(outputFiles, ({ bytes }) => bytes),
    droppedRecords: inputRecords - sum(outputFiles, ({ records }) => records),
  }
}

function sum<T extends DataFile | ManifestFile>(
  items: readonly T[],
  of: (item: T) => number,
): number {
  return items.reduce((total, item) => total + of(item), 0)
}

/** Takes the outputs in and points the keydir at them. */
async function adopt(
  { files, keydir, clock }: MergeContext,
  inputs: ReadonlySet<number>,
  outputs: readonly MergeOutput[],
): Promise<void> {
  let entries = 0
  for (const { named, image } of outputs) {
    const file = DataFile.merge(named)
    const slot = files.add(file)
    const cursor = HintCursor.overImage(slot, image)
    while (cursor.advance() === true) {
      const { key, index, offset, size, expiresAt } = cursor.entry
      const current = keydir.lookup(key)
      if (current?.index === index && inputs.has(current.slot)) {
        keydir.set(key, { slot, offset, size, index, expiresAt })
        files.file(current.slot).forget(size)
        file.remember(size)
      }
      if (++entries % recordsPerTurn === 0) await clock.nextTurn()
    }
  }
}
