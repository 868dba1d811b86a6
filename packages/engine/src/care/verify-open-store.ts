/**
 * Checks the files of an open store while it goes on: sealed ones, which nobody changes, and the log up to where it ends
 * when the check begins. A file is pinned while it is read. What a merge replaces meanwhile is left out, and its outputs
 * are checked instead, as long as that does not go on for ever.
 */
import type { Clock } from '../clock.ts'
import { corruptStore } from '../corrupt-store.ts'
import type { DataFile } from '../data-file.ts'
import { KvError } from '../errors.ts'
import type { FileSystem, ReadableFile } from '../file-system/file-system.ts'
import type { FileTable } from '../file-table.ts'
import { segmentKind } from '../segment.ts'
import { type CareContext, openOrCode, readWithCare } from './care-context.ts'
import { Findings, type VerifyReport } from './findings.ts'
import { checkOutput } from './output-check.ts'
import { Pace, type PaceOptions } from './pace.ts'
import { checkSegment } from './segment-check.ts'
import { readStoreFiles } from './store-files.ts'

/** Beside the store's own work, unless the caller says otherwise. */
const bytesPerSecondDefault = 64 * 1024 * 1024
/** Bytes of outputs that come meanwhile are checked up to so many times the bytes at the start. */
const growthMax = 2

/** What the check needs of the store. */
export interface OpenStore {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly clock: Clock
  readonly files: FileTable
}

/** A log segment as it was when the check began. */
type SegmentAsOf = Pick<DataFile, 'bytes' | 'highestIndex' | 'chainAfter'>

/** Throws the signal's reason, and KvError KV_TRY_LATER without a free descriptor. */
export async function verifyOpenStore(
  store: OpenStore,
  options: PaceOptions,
): Promise<VerifyReport> {
  const { bytesPerSecondMax = bytesPerSecondDefault } = options
  const pace = new Pace(store.clock, { ...options, bytesPerSecondMax })
  return new OpenStoreVerification(store, pace).run()
}

class OpenStoreVerification {
  readonly #store: OpenStore
  readonly #context: CareContext
  readonly #segments: ReadonlyMap<DataFile, SegmentAsOf>
  readonly #checked = new Set<DataFile>()
  /** Of files that were there when the check began, and those that came meanwhile, while that may go on. */
  #bytesLeft: number

  constructor(store: OpenStore, pace: Pace) {
    const { fileSystem, directory, files } = store
    this.#store = store
    this.#context = { fileSystem, directory, pace, findings: new Findings() }
    const all = [...files.files()]
    this.#segments = new Map(
      all
        .filter(({ kind }) => kind === segmentKind.log)
        .map((file) => {
          const { bytes, highestIndex, chainAfter } = file
          return [file, { bytes, highestIndex, chainAfter }]
        }),
    )
    pace.bytesTotal = all.reduce((sum, { bytes }) => sum + bytes, 0)
    this.#bytesLeft = growthMax * pace.bytesTotal
  }

  async run(): Promise<VerifyReport> {
    const { fileSystem, directory, pace, findings } = this.#context
    await readStoreFiles(fileSystem, directory, pace, findings, 'nothing was checked')
    for (let file = this.#next(); file !== undefined; file = this.#next()) {
      this.#checked.add(file)
      this.#bytesLeft -= file.bytes
      await this.#check(file)
    }
    return findings.report()
  }

  /** A file that counts now and is still to be checked. */
  #next(): DataFile | undefined {
    for (const file of this.#store.files.files()) {
      if (this.#checked.has(file)) continue
      const isDue = file.kind === segmentKind.log ? this.#segments.has(file) : this.#bytesLeft > 0
      if (isDue) return file
    }
    return undefined
  }

  async #check(file: DataFile): Promise<void> {
    const { files, fileSystem, directory } = this.#store
    const { findings } = this.#context
    try {
      // A descriptor that is open already does not tell that the name is gone.
      const named = await openOrCode(fileSystem, `${directory}/${file.path}`)
      if (typeof named !== 'string') await named.close()
      // From here to the pin no merge can come between.
      if (!files.has(file)) return
      if (typeof named === 'string') throw corruptStore(file.path, `it cannot be opened (${named})`)
      await files.withFile(files.slotOf(file), (handle) =>
        file.kind === segmentKind.log
          ? this.#checkSegment(file, handle)
          : this.#checkOutput(file, handle),
      )
    } catch (error) {
      // Of this file alone: it is gone or does not open.
      if (!(error instanceof KvError) || error.code !== 'KV_CORRUPT_STORE') throw error
      findings.corruption(file.path, 0, String(error.details['damage'] ?? 'it cannot be opened'))
    }
  }

  async #checkOutput(file: DataFile, handle: ReadableFile): Promise<void> {
    const { id, bytes, records, lowestIndex, highestIndex, footerCrc, path } = file
    const { lowestKey, highestKey } = file
    const named = {
      id,
      bytes,
      records,
      lowestIndex,
      highestIndex,
      footerCrc,
      lowestKey,
      highestKey,
    }
    await readWithCare(this.#context, path, 'corruption', handle, bytes, (reader) =>
      checkOutput(this.#context, named, reader, handle, true),
    )
  }

  async #checkSegment(file: DataFile, handle: ReadableFile): Promise<void> {
    const asOf = this.#segments.get(file) ?? file
    const { id, start, path } = file
    const isSealed = file.state === 'sealed'
    const bytes = isSealed ? file.bytes : asOf.bytes
    const { highestIndex, chainAfter } = isSealed ? file : asOf
    // Up to here nothing may be torn.
    const mark = {
      seq: 0,
      index: highestIndex,
      term: 0,
      commit: highestIndex,
      segment: id,
      offset: asOf.bytes,
      chain: asOf.chainAfter,
    }
    const successor = isSealed ? { id: highestIndex + 1, chainBefore: chainAfter } : undefined
    await readWithCare(this.#context, path, 'corruption', handle, bytes, async (reader) => {
      const hints = { hasFooter: isSealed, hintMayBeMissing: true }
      const expected = {
        id,
        start,
        successor,
        mark: isSealed ? undefined : mark,
        mergedAt: 0,
        ...hints,
      }
      await checkSegment(this.#context, expected, reader)
    })
  }
}
