/**
 * Saves all that can be read of a damaged store into a new directory, as a store that opens. The damaged one is only read.
 *
 * 1. The files that count are salvaged (`salvage.ts`): those that MANIFEST names, or, where that is damaged, all there
 *    are. Of each key the newest record is kept in mind, and tombstones are respected.
 * 2. What lives is copied, in key order, into the new directory.
 */
import { type Clock, systemClock } from '../clock.ts'
import { DataFile } from '../data-file.ts'
import { diskError } from '../disk-error.ts'
import { KvError, systemErrorCode } from '../errors.ts'
import { logDirectoryName, segmentFileName } from '../file-names.ts'
import type { FileSystem, ReadableFile } from '../file-system/file-system.ts'
import { nodeFileSystem } from '../file-system/node-file-system.ts'
import { readFully } from '../file-system/transfer.ts'
import { FileTable } from '../file-table.ts'
import { formatVersion } from '../format-version.ts'
import type { ManifestFile } from '../manifest.ts'
import { OutputWriter } from '../merge/output-writer.ts'
import { checkedPath } from '../path-argument.ts'
import type { RecordView } from '../record.ts'
import { type RecordAddress, RecordReader } from '../record-reader.ts'
import { decodeSegmentHeader, segmentHeaderBytes, segmentKind } from '../segment.ts'
import { openOrCode } from './care-context.ts'
import { refused, withCareLock } from './care-lock.ts'
import { CareReader } from './care-reader.ts'
import { countingSegments } from './counting-segments.ts'
import { Findings } from './findings.ts'
import type { WalkPosition } from './log-walk.ts'
import { Pace, type PaceOptions } from './pace.ts'
import { Losses, type RepairReport } from './repair-report.ts'
import { beginStore, completeStore } from './repair-writer.ts'
import { FileSalvage, type SalvageExpectation } from './salvage.ts'
import { SalvagedKeys } from './salvaged-keys.ts'
import { readStoreFiles, type StoreFiles } from './store-files.ts'

/** All optional; sizes in bytes. */
export interface RepairOptions extends PaceOptions {
  /**
   * Take records, too, whose checksum is right but of which nothing tells that they are not bytes of a value that was
   * put. Default false.
   */
  readonly takeDoubtful?: boolean | undefined
  /** Read files, too, that MANIFEST does not name: keys that were deleted may come back. Default false. */
  readonly everyFile?: boolean | undefined
  /** Files of the new store are closed at this size. Default 64 MiB. */
  readonly segmentBytes?: number | undefined
  /** The door to the disk. Default: the real one. */
  readonly fileSystem?: FileSystem | undefined
  /** The door to time. Default: the real one. */
  readonly clock?: Clock | undefined
}

const segmentBytesDefault = 64 * 1024 * 1024
const unreadMax = 1_000
const openFilesMax = 64
/** Records copied at once. */
const recordsPerBatch = 256
const bytesPerBatch = 1024 * 1024

const notRepaired = 'nothing was repaired'

/**
 * Saves what can be read of the store in `source`, which no process has open, as a new store in `target`, which is not
 * there or empty. What was kept and what was lost is in the report.
 *
 * @throws KvError KV_LOCKED while a store holds one of the directories, KV_BAD_REQUEST when `source` holds no store or
 * `target` something, KV_DISK_FULL, KV_TRY_LATER without a free descriptor, KV_STORAGE_FAILED; the signal's reason.
 * `source` is never changed; what was written of `target` is no store before this resolves.
 */
export async function repairStore(
  source: string,
  target: string,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { fileSystem = nodeFileSystem, clock = systemClock } = options
  const from = checkedPath(source, 'the directory of the damaged store', notRepaired)
  const to = checkedPath(target, 'the directory for the repaired store', notRepaired)
  refuseNested(from, to)
  const pace = new Pace(clock, options)
  return withCareLock(fileSystem, from, notRepaired, async () => {
    await refuseUsedTarget(fileSystem, to)
    return new StoreRepair(fileSystem, clock, pace, from, to, options).run()
  })
}

function refuseNested(source: string, target: string): void {
  if (source !== target && !`${target}/`.startsWith(`${source}/`)) return
  throw refused(
    `${target} lies inside ${source}, which a repair does not change; nothing was repaired; name a new directory elsewhere`,
  )
}

async function refuseUsedTarget(fileSystem: FileSystem, target: string): Promise<void> {
  try {
    if ((await fileSystem.readDirectory(target)).length === 0) return
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT') return
    if (code !== 'ENOTDIR') throw error
  }
  throw refused(
    `${target} exists and is not empty; nothing was repaired, and nothing in it was changed; name a new directory`,
  )
}

/** Where a file of the source lies, and what MANIFEST says of it. */
interface Candidate {
  readonly file: DataFile
  readonly named: ManifestFile | undefined
}

class StoreRepair {
  readonly #fileSystem: FileSystem
  readonly #clock: Clock
  readonly #pace: Pace
  readonly #source: string
  readonly #target: string
  readonly #options: RepairOptions
  readonly #keys = new SalvagedKeys()
  readonly #losses = new Losses()
  readonly #unread: string[] = []
  readonly #files: FileTable
  #filesRead = 0
  #bytesRead = 0
  #term = 0

  constructor(
    fileSystem: FileSystem,
    clock: Clock,
    pace: Pace,
    source: string,
    target: string,
    options: RepairOptions,
  ) {
    this.#fileSystem = fileSystem
    this.#clock = clock
    this.#pace = pace
    this.#source = source
    this.#target = target
    this.#options = options
    this.#files = new FileTable(fileSystem, source, openFilesMax, () => undefined)
  }

  async run(): Promise<RepairReport> {
    try {
      const findings = new Findings()
      const found = await readStoreFiles(
        this.#fileSystem,
        this.#source,
        this.#pace,
        findings,
        'nothing was repaired',
      )
      refuseNewer(found)
      this.#noteVersions(found)
      const candidates = this.#candidates(found)
      this.#pace.bytesTotal = await this.#totalBytes(candidates)
      await this.#salvageOutputs(candidates, found)
      await this.#salvageLog(candidates, found)
      const keys = await this.#write(found)
      await this.#keys.visitLost(this.#pace.nextTurn, (key, version, olderVersion) =>
        this.#losses.key({ key, version, olderVersion }),
      )
      const hasEvery = found.manifest !== undefined && this.#options.everyFile !== true
      return {
        filesRead: this.#filesRead,
        bytesRead: this.#bytesRead,
        records: this.#keys.records,
        keys,
        version: this.#keys.highestIndex,
        ...this.#losses.report(),
        tookDoubtful: this.#options.takeDoubtful === true,
        unread: this.#unread,
        unusable: findings.report().problems.map(({ path, what }) => `${path}: ${what}`),
        deletedMayBeBack: !hasEvery,
      }
    } finally {
      await this.#files.close().catch(() => undefined)
    }
  }

  /** No version is given twice, not even one whose record is lost. */
  #noteVersions({ manifest, marks }: StoreFiles): void {
    for (const mark of marks) {
      this.#keys.noteIndex(mark.index)
      this.#term = Math.max(this.#term, mark.term)
    }
    if (manifest === undefined) return
    this.#keys.noteIndex(manifest.mergedAt)
    this.#keys.noteIndex(manifest.logStart.index - 1)
    this.#term = Math.max(this.#term, manifest.logStart.term)
    for (const file of manifest.files) this.#keys.noteIndex(file.highestIndex)
  }

  /** The files that are read. */
  #candidates({ manifest, segments, outputs }: StoreFiles): Candidate[] {
    const named = new Map(manifest?.files.map((file) => [file.id, file]))
    const all = manifest === undefined || this.#options.everyFile === true
    const logStart = manifest?.logStart.index ?? 0
    const candidates: Candidate[] = [...named.values()].map((file) => ({
      file: DataFile.merge(file),
      named: file,
    }))
    for (const id of outputs) {
      if (named.has(id)) continue
      const file = DataFile.merge(unnamed(id))
      if (all) candidates.push({ file, named: undefined })
      else this.#leaveUnread(file)
    }
    for (const id of segments) {
      const file = DataFile.log({ index: id, term: 0, chain: 0 }, 'sealed', 0)
      if (all || id >= logStart) candidates.push({ file, named: undefined })
      else this.#leaveUnread(file)
    }
    return candidates
  }

  #leaveUnread({ path }: DataFile): void {
    if (this.#unread.length < unreadMax) this.#unread.push(path)
  }

  /** Each file is read once, and copied from about once. */
  async #totalBytes(candidates: readonly Candidate[]): Promise<number> {
    let sum = this.#pace.bytesDone
    for (const { file } of candidates) {
      const handle = await openOrCode(this.#fileSystem, `${this.#source}/${file.path}`)
      if (typeof handle === 'string') continue
      try {
        sum += await handle.size()
      } finally {
        await handle.close()
      }
    }
    return sum
  }

  async #salvageOutputs(candidates: readonly Candidate[], found: StoreFiles): Promise<void> {
    for (const { file, named } of candidates) {
      if (file.kind !== segmentKind.merge) continue
      await this.#salvage(found, { file, named, position: undefined, successor: undefined })
    }
  }

  async #salvageLog(candidates: readonly Candidate[], found: StoreFiles): Promise<void> {
    const segments = await countingSegments(
      this.#fileSystem,
      this.#source,
      candidates.map(({ file }) => file).filter(({ kind }) => kind === segmentKind.log),
    )
    // Where the next one should begin; unknown behind damage whose end nobody knows.
    let position: WalkPosition | undefined = found.manifest?.logStart
    for (const [place, file] of segments.entries()) {
      if (position !== undefined && position.index < file.id) this.#missing(position.index, file.id)
      const next = segments[place + 1]
      const header = next === undefined ? undefined : await this.#headerOf(next)
      const successor = next === undefined ? undefined : { id: next.id, header }
      position = await this.#salvage(found, { file, named: undefined, position, successor })
    }
    const last = found.mark
    const isCut = position !== undefined && last !== undefined && last.index >= position.index
    if (isCut && position !== undefined) this.#missing(position.index, last.index + 1)
  }

  #missing(firstVersion: number, nextVersion: number): void {
    const path = `${logDirectoryName}/${segmentFileName(firstVersion)}`
    const versions = { firstVersion, nextVersion }
    this.#losses.stretch({
      path,
      from: 0,
      to: 0,
      what: 'missing, or the log before it ends too early',
      ...versions,
      isTornTail: false,
    })
    this.#losses.olderMayBeCurrent = true
  }

  async #headerOf(file: DataFile): Promise<ReturnType<typeof decodeSegmentHeader>> {
    const handle = await openOrCode(this.#fileSystem, `${this.#source}/${file.path}`)
    if (typeof handle === 'string') return undefined
    try {
      const bytes = Buffer.alloc(segmentHeaderBytes)
      const count = await readFully(handle, bytes, 0).catch(() => 0)
      return decodeSegmentHeader(bytes.subarray(0, count))
    } finally {
      await handle.close()
    }
  }

  async #salvage(
    { marks, manifest }: StoreFiles,
    candidate: Omit<SalvageExpectation, 'slot' | 'marks' | 'mergedAt'>,
  ): Promise<WalkPosition | undefined> {
    const { file } = candidate
    this.#pace.begin(file.path)
    const handle = await openOrCode(this.#fileSystem, `${this.#source}/${file.path}`)
    const handles = typeof handle === 'string' ? [] : [handle]
    try {
      const hintHandle = await openOrCode(this.#fileSystem, `${this.#source}/${file.hintPath}`)
      if (typeof hintHandle !== 'string') handles.push(hintHandle)
      const slot = this.#files.add(file)
      const target = {
        keys: this.#keys,
        losses: this.#losses,
        takesDoubtful: this.#options.takeDoubtful === true,
      }
      const mergedAt = manifest?.mergedAt ?? 0
      const expected = { ...candidate, slot, marks, mergedAt }
      const salvage = new FileSalvage(this.#pace, expected, target)
      const hint = await this.#readerOf(hintHandle)
      const data = await this.#readerOf(handle)
      if (data === undefined) {
        await salvage.runWithoutFile(hint)
        return undefined
      }
      this.#filesRead++
      this.#bytesRead += data.reader.bytes
      const end = await salvage.run(data.reader, hint)
      this.#term = Math.max(this.#term, salvage.highestTerm)
      return end
    } finally {
      for (const each of handles) await each.close()
    }
  }

  async #readerOf(
    handle: ReadableFile | string,
  ): Promise<{ reader: CareReader; handle: ReadableFile } | undefined> {
    if (typeof handle === 'string') return undefined
    return { handle, reader: new CareReader(handle, await handle.size(), this.#pace) }
  }

  /** Returns how many keys the new store has. */
  async #write({ identity }: StoreFiles): Promise<number> {
    await this.#refuseWithoutRoom()
    const undone = `${this.#source} was not changed; ${this.#target} is incomplete and no store: remove it`
    try {
      await beginStore(this.#fileSystem, this.#target)
      const lock = await this.#fileSystem.lockDirectory(this.#target, 'read')
      try {
        const { outputs, keys } = await this.#copyRecords()
        const version = this.#keys.highestIndex
        await completeStore(this.#fileSystem, this.#target, outputs, version, this.#term, identity)
        return keys
      } finally {
        await lock.release()
      }
    } catch (error) {
      throw diskError(error, undone)
    }
  }

  async #refuseWithoutRoom(): Promise<void> {
    let bytes = 0
    await this.#keys.visitLiving(this.#pace.nextTurn, (_key, { size }) => {
      bytes += size
      return undefined
    })
    const parent = this.#target.slice(0, Math.max(1, this.#target.lastIndexOf('/')))
    const free = await this.#fileSystem.freeSpace(parent).catch((error: unknown) => {
      if (systemErrorCode(error) !== 'ENOENT') throw error
      throw refused(`${parent} is no directory; nothing was repaired; make it first`)
    })
    if (bytes <= free.bytes) return
    throw new KvError(
      'KV_DISK_FULL',
      `the repaired store needs ${bytes} bytes, and ${parent} has ${free.bytes} left; nothing was written; free space, or choose another disk`,
      { details: { wantedBytes: bytes, freeBytes: free.bytes } },
    )
  }

  async #copyRecords(): Promise<{ outputs: readonly ManifestFile[]; keys: number }> {
    const { segmentBytes = segmentBytesDefault } = this.#options
    const writer = new OutputWriter(this.#fileSystem, this.#target, segmentBytes, 1)
    const reader = new RecordReader(this.#files, this.#clock)
    let keys = 0
    let batch: RecordAddress[] = []
    let batchBytes = 0
    const flush = async (): Promise<void> => {
      const addresses = batch
      batch = []
      batchBytes = 0
      for (const record of await this.#readAgain(reader, addresses)) {
        keys++
        const pending = writer.add(record)
        if (pending !== undefined) await pending
      }
      await this.#pace.nextTurn()
    }
    try {
      await this.#keys.visitLiving(this.#pace.nextTurn, (key, location) => {
        batch.push({ key: Buffer.from(key), location })
        batchBytes += location.size
        const isFull = batch.length === recordsPerBatch || batchBytes >= bytesPerBatch
        return isFull ? flush() : undefined
      })
      await flush()
      return { outputs: await writer.finish(), keys }
    } catch (error) {
      await writer.abandon()
      throw error
    }
  }

  /** What a disk gave once it may not give again. */
  async #readAgain(
    reader: RecordReader,
    addresses: readonly RecordAddress[],
  ): Promise<readonly RecordView[]> {
    try {
      return await reader.readMany(addresses)
    } catch (error) {
      if (!isUnreadable(error)) throw error
    }
    const records: RecordView[] = []
    for (const address of addresses) {
      try {
        records.push(await reader.read(address))
      } catch (error) {
        if (!isUnreadable(error)) throw error
        const { key, location } = address
        this.#losses.key({
          key: Buffer.from(key),
          version: location.index,
          olderVersion: undefined,
        })
      }
    }
    return records
  }
}

function refuseNewer({ identity, manifest }: StoreFiles): void {
  const version = Math.max(identity?.formatVersion ?? 0, manifest?.formatVersion ?? 0)
  if (version <= formatVersion) return
  throw refused(
    `the store has format version ${version}, this program reads up to ${formatVersion}; nothing was repaired; use the newer program`,
  )
}

/** A merge output of which only the name is known. */
function unnamed(id: number): ManifestFile {
  const none = Buffer.alloc(0)
  const versions = { lowestIndex: 0, highestIndex: 0, records: 0, tombstoneBytes: 0 }
  return { id, bytes: 0, ...versions, lowestKey: none, highestKey: none, footerCrc: 0 }
}

/** Of a record, or of the file it lies in. */
function isUnreadable(error: unknown): boolean {
  if (!(error instanceof KvError)) return false
  return error.code === 'KV_CORRUPT_RECORD' || error.code === 'KV_CORRUPT_STORE'
}
