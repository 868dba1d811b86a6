import {
  hintFileName,
  logDirectoryName,
  mergeDirectoryName,
  segmentFileName,
} from './file-names.ts'
import { type LogPosition, logOrigin } from './frame.ts'
import type { ManifestFile } from './manifest.ts'
import { type SegmentKind, segmentFooterBytes, segmentHeaderBytes, segmentKind } from './segment.ts'

/** A sealed file is complete, with its footer. A closed one is full but has no footer yet. */
export type DataFileState = 'active' | 'closed' | 'sealed'

/** The fields of a {@link DataFile}. */
export type DataFileDescription = Readonly<
  Omit<
    DataFile,
    | 'remember'
    | 'forget'
    | 'description'
    | 'mayHoldOlder'
    | 'directory'
    | 'path'
    | 'hintPath'
    | 'deadBytes'
  >
>

/** A log segment or a merge output, as the running store knows it. */
export class DataFile {
  readonly kind: SegmentKind
  /** Of a log segment its first index, of a merge output its id. */
  readonly id: number
  state: DataFileState
  /** Length of the file in bytes. */
  bytes: number
  records = 0
  /** Bytes of its records that the keydir points at. */
  liveBytes = 0
  liveRecords = 0
  /** Of a merge output: bytes of tombstones, which are dead but had to be kept. */
  keptTombstoneBytes = 0
  lowestIndex = 0
  highestIndex = 0
  /** Of a log segment: where its first frame stands. */
  readonly start: LogPosition
  /** Rolling hash behind its last frame (log) or record (merge output). */
  chainAfter: number
  /** Of a sealed file: the CRC of its footer. */
  footerCrc = 0
  /** Of a merge output: the bounds of its keys. Those of a log segment are not kept. */
  lowestKey: Buffer | undefined
  highestKey: Buffer | undefined

  private constructor(
    kind: SegmentKind,
    id: number,
    state: DataFileState,
    bytes: number,
    start: LogPosition,
  ) {
    this.kind = kind
    this.id = id
    this.state = state
    this.bytes = bytes
    this.start = start
    this.chainAfter = start.chain
  }

  /** A log segment that starts at `start`; empty so far, as far as the fields know. */
  static log(start: LogPosition, state: DataFileState, bytes: number): DataFile {
    const file = new DataFile(segmentKind.log, start.index, state, bytes, start)
    file.lowestIndex = start.index
    file.highestIndex = start.index - 1
    return file
  }

  static merge(named: ManifestFile): DataFile {
    const file = new DataFile(segmentKind.merge, named.id, 'sealed', named.bytes, logOrigin)
    file.records = named.records
    file.lowestIndex = named.lowestIndex
    file.highestIndex = named.highestIndex
    file.footerCrc = named.footerCrc
    file.keptTombstoneBytes = named.tombstoneBytes
    file.lowestKey = named.lowestKey
    file.highestKey = named.highestKey
    return file
  }

  /** What can be sent to another thread. */
  description(): DataFileDescription {
    return Object.assign({}, this)
  }

  static described(description: DataFileDescription): DataFile {
    const { kind, id, state, bytes, start } = description
    const file = new DataFile(kind, id, state, bytes, start)
    return Object.assign(file, description)
  }

  /** The keydir now points at a record of `size` bytes in this file. */
  remember(size: number): void {
    this.liveBytes += size
    this.liveRecords++
  }

  /** The keydir no longer points at a record of `size` bytes in this file. */
  forget(size: number): void {
    this.liveBytes -= size
    this.liveRecords--
  }

  /** Whether a record of `key` older than `index` may lie in it. */
  mayHoldOlder(key: Uint8Array, index: number): boolean {
    if (this.lowestIndex >= index) return false
    if (this.lowestKey === undefined || this.highestKey === undefined) return true
    return Buffer.compare(key, this.lowestKey) >= 0 && Buffer.compare(key, this.highestKey) <= 0
  }

  /** Name of the folder it lies in. */
  get directory(): string {
    return this.kind === segmentKind.log ? logDirectoryName : mergeDirectoryName
  }

  /** Path below the data directory. */
  get path(): string {
    return `${this.directory}/${segmentFileName(this.id)}`
  }

  get hintPath(): string {
    return `${this.directory}/${hintFileName(this.id)}`
  }

  /** Bytes of its records that no key points at: what a merge may win. */
  get deadBytes(): number {
    const frameBytes = segmentHeaderBytes + (this.state === 'sealed' ? segmentFooterBytes : 0)
    return Math.max(0, this.bytes - frameBytes - this.liveBytes)
  }
}
