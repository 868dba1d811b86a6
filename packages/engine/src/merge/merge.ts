/**
 * Merge: rewrites the live records of its inputs, in key order, into new files, and drops the rest.
 *
 * 1. A job, on another thread where there is one, judges the inputs' records and copies what lives into new
 *    files with their hints, all made durable (`merge-job.ts`).
 * 2. The log is synced up to `mergedAt`, the index applied when liveness was last judged: what made the dropped
 *    records dead must not be lost after them.
 * 3. MANIFEST is replaced by one that names the outputs instead of the inputs: the one step that counts. A
 *    crash before it leaves the old state, a crash behind it the new one.
 * 4. The keydir is re-pointed in slices, each entry only if it still names the same record in an input.
 * 5. The inputs are removed as soon as nobody reads them and no snapshot from before needs them.
 */
import { assert } from '../assert.ts'
import type { Jobs } from '../background/jobs.ts'
import type { Clock } from '../clock.ts'
import type { CommitQueue } from '../commit-queue.ts'
import { DataFile } from '../data-file.ts'
import { diskError } from '../disk-error.ts'
import { KvError } from '../errors.ts'
import {
  hintFileName,
  manifestFileName,
  mergeDirectoryName,
  segmentFileName,
  temporarySuffix,
} from '../file-names.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import type { FileTable } from '../file-table.ts'
import type { HintCursor } from '../hint-cursor.ts'
import type { Keydir } from '../keydir/keydir.ts'
import { encodeManifest, type Manifest, type ManifestFile } from '../manifest.ts'
import { openSealedFileCursor } from '../sealed-file-cursor.ts'
import { segmentKind } from '../segment.ts'
import { removeIfThere, replaceFile } from '../small-file.ts'
import type { Snapshots } from '../snapshots.ts'
import type { MergeJobResult } from './merge-job.ts'
import type { MergeReport } from './merge-report.ts'
import type { RunningMerge } from './running-merge.ts'

/** Entries are re-pointed for so long between two turns of the event loop, in ms, and so many at most. */
const sliceMs = 1
const entriesPerSliceMax = 1_024
/** Entries between two looks at the clock. */
const entriesPerLook = 32
/** A store that closes waits so long for the rest, in ms. */
const adoptMsAfterStop = 50

/** What a merge works on. */
export interface MergeContext {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly clock: Clock
  readonly jobs: Jobs
  readonly files: FileTable
  readonly keydir: Keydir
  readonly commits: CommitQueue
  readonly snapshots: Snapshots
  /** Index of the last applied record. */
  appliedIndex(): number
  /** Hears that another MANIFEST stands on the disk. */
  manifestReplaced(): void
  /** Ids for `count` outputs, one after the other; returns the first. None is given twice, also when a merge fails. */
  takeOutputIds(count: number): number
}

export interface MergeResult {
  /** What now stands on the disk. */
  readonly manifest: Manifest
  readonly report: MergeReport
  /** False when the store closed before the keydir pointed at all outputs: the next open finds them by MANIFEST. */
  readonly isAdopted: boolean
}

/** Merges the files in `slots` into outputs that are closed at `outputBytes`. */
export async function merge(
  context: MergeContext,
  manifest: Manifest,
  slots: readonly number[],
  outputBytes: number,
  running: RunningMerge,
): Promise<MergeResult> {
  const { files, fileSystem, directory } = context
  const { control } = running
  const inputs = new Set(slots)
  const inputFiles = slots.map((slot) => files.file(slot))
  const release = files.pin(slots)
  const outputsMax = Math.ceil(sum(inputFiles, ({ bytes }) => bytes) / outputBytes) + 1
  const firstOutputId = context.takeOutputIds(outputsMax)
  let manifestMayBeReplaced = false
  try {
    const job = {
      directory,
      outputBytes,
      firstOutputId,
      inputs: inputFiles.map((file) => file.description()),
      outside: [...files.files()]
        .filter((file) => !inputFiles.includes(file))
        .map((file) => file.description()),
      keydir: context.keydir.share(),
      control: control.shared,
    }
    const result = await context.jobs.merge(job).finally(() => context.keydir.unshare())
    running.swaps()
    const mergedAt = context.appliedIndex()
    control.refuseWhenStopped()
    await context.commits.sync()
    const next = nextManifest(context, manifest, inputs, result.outputs, mergedAt)
    await replaceFile(fileSystem, directory, manifestFileName, encodeManifest(next), () => {
      manifestMayBeReplaced = true
    })
    context.manifestReplaced()
    const report = reportOf(inputFiles, result)
    const isAdopted = await adopt(context, inputs, result.outputs, running)
    for (const slot of isAdopted ? slots : []) {
      context.snapshots.holdFile(slot)
      await files.retire(slot)
    }
    return { manifest: next, report, isAdopted }
  } catch (error) {
    // Which of the two manifests a crash would find is unknown: nothing may be built on either.
    if (manifestMayBeReplaced) throw context.commits.fail(error)
    await removeOutputs(context, firstOutputId, outputsMax).catch(() => undefined)
    const failure = diskError(error, 'the merge was not made')
    // What the store keeps open for reads was in its way, perhaps: not in that of the next one.
    if (failure instanceof KvError && failure.code === 'KV_TRY_LATER') await files.shed()
    throw failure
  } finally {
    await release()
  }
}

function nextManifest(
  context: MergeContext,
  manifest: Manifest,
  inputs: ReadonlySet<number>,
  outputs: readonly ManifestFile[],
  mergedAt: number,
): Manifest {
  const inputFiles = [...inputs].map((slot) => context.files.file(slot))
  const mergedIds = new Set(
    inputFiles.filter(({ kind }) => kind === segmentKind.merge).map(({ id }) => id),
  )
  const kept = manifest.files.filter(({ id }) => !mergedIds.has(id))
  return {
    formatVersion: manifest.formatVersion,
    files: [...kept, ...outputs],
    logStart: logStartAfter(manifest, inputFiles),
    mergedAt: Math.max(manifest.mergedAt, mergedAt),
    nextId: Math.max(manifest.nextId, ...outputs.map(({ id }) => id + 1)),
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

function reportOf(inputs: readonly DataFile[], result: MergeJobResult): MergeReport {
  const { outputs, liveRecords, keptTombstones } = result
  return {
    inputFiles: inputs.length,
    inputBytes: sum(inputs, ({ bytes }) => bytes),
    outputFiles: outputs.length,
    outputBytes: sum(outputs, ({ bytes }) => bytes),
    liveRecords,
    droppedRecords: sum(inputs, ({ records }) => records) - sum(outputs, ({ records }) => records),
    keptTombstones,
  }
}

function sum<T extends DataFile | ManifestFile>(
  items: readonly T[],
  of: (item: T) => number,
): number {
  return items.reduce((total, item) => total + of(item), 0)
}

/** Takes the outputs in and points the keydir at them. False when a store that closes could not wait for it. */
async function adopt(
  { fileSystem, directory, files, keydir, clock }: MergeContext,
  inputs: ReadonlySet<number>,
  outputs: readonly ManifestFile[],
  running: RunningMerge,
): Promise<boolean> {
  const nextTurn = (): Promise<void> => clock.nextTurn()
  const slices = new AdoptionSlices(clock, running)
  running.adopts(sum(outputs, ({ records }) => records))
  for (const named of outputs) {
    const file = DataFile.merge(named)
    const slot = files.add(file)
    const cursor = await openOutputCursor(fileSystem, directory, slot, file, nextTurn)
    try {
      for (;;) {
        const moved = cursor.advance()
        if (!(typeof moved === 'boolean' ? moved : await moved)) break
        const { key, index, offset, size, expiresAt } = cursor.entry
        const current = keydir.lookup(key)
        if (current?.index === index && inputs.has(current.slot)) {
          keydir.set(key, 0, key.length, { slot, offset, size, index, expiresAt })
          files.file(current.slot).forget(size)
          file.remember(size)
        }
        if (!slices.isOver()) continue
        if (slices.isTooLate()) return false
        await nextTurn()
        slices.begin()
      }
    } finally {
      await cursor.close()
    }
  }
  return true
}

/** Cuts the re-pointing into what one turn of the event loop can bear. */
class AdoptionSlices {
  readonly #clock: Clock
  readonly #running: RunningMerge
  #entries = 0
  #entriesAtStart = 0
  #startedAt: number
  #stopSeenAt: number | undefined

  constructor(clock: Clock, running: RunningMerge) {
    this.#clock = clock
    this.#running = running
    this.#startedAt = clock.monotonic()
  }

  begin(): void {
    this.#running.adopted(this.#entries)
    this.#entriesAtStart = this.#entries
    this.#startedAt = this.#clock.monotonic()
  }

  /** Notes an entry, and whether it is time for others. */
  isOver(): boolean {
    this.#entries++
    if (this.#entries % entriesPerLook !== 0) return false
    if (this.#entries - this.#entriesAtStart >= entriesPerSliceMax) return true
    return this.#clock.monotonic() - this.#startedAt >= sliceMs
  }

  /** Whether a store that closes has waited long enough. */
  isTooLate(): boolean {
    if (!this.#running.control.isStopped) return false
    const now = this.#clock.monotonic()
    this.#stopSeenAt ??= now
    return now - this.#stopSeenAt >= adoptMsAfterStop
  }
}

/** MANIFEST has been replaced: the merge cannot wait for a descriptor, nor for its turn among the reads. */
async function openOutputCursor(
  fileSystem: FileSystem,
  directory: string,
  slot: number,
  file: DataFile,
  nextTurn: () => Promise<void>,
): Promise<HintCursor> {
  const handle = await fileSystem.openForReading(`${directory}/${file.path}`, true)
  try {
    return (await openSealedFileCursor(fileSystem, directory, slot, file, handle, nextTurn, true))
      .cursor
  } finally {
    await handle.close()
  }
}

/** Removes whatever a merge that failed has written. */
async function removeOutputs(
  { fileSystem, directory }: MergeContext,
  firstId: number,
  count: number,
): Promise<void> {
  for (let id = firstId; id < firstId + count; id++) {
    const hint = hintFileName(id)
    for (const name of [segmentFileName(id), hint, hint + temporarySuffix]) {
      await removeIfThere(fileSystem, `${directory}/${mergeDirectoryName}/${name}`)
    }
  }
}
