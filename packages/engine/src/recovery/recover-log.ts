/**
 * Recovery of the log: which segments there are, where the log ends, and whether what stands behind its end
 * is a torn tail or the ruins of something that was once durable.
 *
 * - Segments lie from `logStart` on without a gap: each starts where the one before ends, by index and chain.
 * - A sealed segment is trusted by its footer. One without, or with a torn one, is scanned frame by frame.
 * - In the last segment the first bad frame is a torn tail and is cut, unless the last mark or `mergedAt` show
 *   that the log was once durable beyond it. Then, as in any earlier segment, it is corruption: the store does
 *   not open, and nothing is changed.
 * - A roll that failed when its new segment had its name already leaves that segment behind, without a frame, and
 *   the one before goes on: what has no frame and is not where the log ends does not count.
 */
import { assert } from '../assert.ts'
import { corruptStore } from '../corrupt-store.ts'
import { DataFile } from '../data-file.ts'
import {
  logDirectoryName,
  marksFileName,
  parseSegmentFileName,
  segmentFileName,
} from '../file-names.ts'
import type { FileSystem, WritableFile } from '../file-system/file-system.ts'
import { readFully } from '../file-system/transfer.ts'
import { frameKind, type LogPosition } from '../frame.ts'
import type { HintImage } from '../hint-image.ts'
import { type LogScanEnd, scanLog } from '../log-scan.ts'
import type { OpenSegment } from '../log-writer.ts'
import type { Manifest } from '../manifest.ts'
import { lastMark, type Mark } from '../mark.ts'
import { NewestRecords } from '../newest-records.ts'
import {
  decodeSegmentFooter,
  decodeSegmentHeader,
  footerCrc,
  segmentFooterBytes,
  segmentHeaderBytes,
  segmentKind,
} from '../segment.ts'
import { readWholeFile } from '../small-file.ts'
import { listFolder } from './list-folder.ts'

/** A segment that had to be scanned, for want of a footer, and is still to be written to. */
interface ScannedSegment extends OpenSegment {
  readonly image: HintImage
}

export interface RecoveredLog {
  readonly sealed: readonly DataFile[]
  /** Full, and without their footer. */
  readonly closed: readonly ScannedSegment[]
  readonly active: ScannedSegment
  /** Where the log ends. */
  readonly end: LogPosition
  /** Length in bytes of the active segment's file; behind its last frame it may hold a torn tail and prepared space. */
  readonly activeFileBytes: number
  /** Of the newest frame that was scanned, ms since the epoch. */
  readonly timestamp: number
  readonly mark: Mark
}

/** Reads the log without changing anything. Throws `KV_CORRUPT_STORE` when it is damaged. */
export async function recoverLog(
  fileSystem: FileSystem,
  directory: string,
  manifest: Manifest,
  nextTurn: () => Promise<void>,
): Promise<RecoveredLog> {
  const mark = await readLastMark(fileSystem, directory)
  const ids = await listSegments(fileSystem, directory)
  // Those before logStart are merged, and not yet removed.
  const segmentIds = ids.filter((id) => id >= manifest.logStart.index)
  const liveIds = await withoutUnbegun(fileSystem, directory, segmentIds)
  const sealed: DataFile[] = []
  const scanned: ScannedSegment[] = []
  let position = manifest.logStart
  let activeFileBytes = 0
  let timestamp = 0
  try {
    if (liveIds.length === 0) throw corruptStore(segmentPath(position.index), 'missing')
    for (const [place, id] of liveIds.entries()) {
      if (id !== position.index) throw corruptStore(segmentPath(position.index), 'missing')
      const successor = await readSuccessor(fileSystem, directory, liveIds[place + 1])
      const handle = await fileSystem.openForWriting(`${directory}/${segmentPath(id)}`)
      const segment = new SegmentRecovery(handle, id, position, nextTurn)
      const recovered = await segment.recover(successor, mark).catch(async (error: unknown) => {
        await handle.close().catch(() => undefined)
        throw error
      })
      const { file, image } = recovered
      if (image === undefined) {
        await handle.close()
        sealed.push(file)
      } else {
        scanned.push({ file, handle, image })
      }
      position = recovered.end
      activeFileBytes = recovered.fileBytes
      timestamp = Math.max(timestamp, recovered.timestamp)
      // The last one, or the one before it when that never got a frame.
      if (file.state === 'active') break
    }
    const active = scanned.pop()
    assert(active?.file.state === 'active', 'the last segment is scanned')
    scanned.push(active)
    refuseLostHistory(active.file, position, mark, manifest)
    const closed = scanned.slice(0, -1)
    return { sealed, closed, active, end: position, activeFileBytes, timestamp, mark }
  } catch (error) {
    for (const { handle } of scanned) await handle.close().catch(() => undefined)
    throw error
  }
}

/** What follows a segment, by its own header. */
interface Successor {
  readonly id: number
  readonly chainBefore: number | undefined
  /** It holds no frame. */
  readonly isUnbegun: boolean
}

interface SegmentEnd {
  readonly file: DataFile
  readonly image: HintImage | undefined
  readonly end: LogPosition
  readonly fileBytes: number
  readonly timestamp: number
}

/** One segment, read from its start to where its frames end. */
class SegmentRecovery {
  readonly #handle: WritableFile
  readonly #id: number
  readonly #start: LogPosition
  readonly #nextTurn: () => Promise<void>

  constructor(handle: WritableFile, id: number, start: LogPosition, nextTurn: () => Promise<void>) {
    this.#handle = handle
    this.#id = id
    this.#start = start
    this.#nextTurn = nextTurn
  }

  /** `successor` is undefined for the last segment. */
  async recover(successor: Successor | undefined, mark: Mark): Promise<SegmentEnd> {
    const fileBytes = await this.#handle.size()
    await this.#checkHeader()
    const trusted =
      successor === undefined ? undefined : await this.#trustFooter(fileBytes, successor)
    return trusted ?? (await this.#scan(fileBytes, successor, mark))
  }

  async #checkHeader(): Promise<void> {
    const header = decodeSegmentHeader(await this.#read(0, segmentHeaderBytes))
    const path = segmentPath(this.#id)
    if (header === undefined) throw corruptStore(path, 'a bad header')
    if (header.kind !== segmentKind.log || header.firstIndex !== this.#id) {
      throw corruptStore(path, 'the header of another file')
    }
    if (header.chainBefore !== this.#start.chain) {
      throw corruptStore(path, 'it does not continue the segment before it')
    }
  }

  /** A footer that the successor does not continue is none: a value may end in bytes that look like one. */
  async #trustFooter(fileBytes: number, successor: Successor): Promise<SegmentEnd | undefined> {
    const bytes = await this.#read(fileBytes - segmentFooterBytes, segmentFooterBytes)
    const footer = decodeSegmentFooter(bytes)
    const isOwn =
      footer !== undefined &&
      footer.kind === segmentKind.log &&
      footer.lowestIndex === this.#id &&
      footer.highestIndex + 1 === successor.id &&
      footer.chainAfter === successor.chainBefore &&
      footer.bytes === fileBytes - segmentHeaderBytes - segmentFooterBytes
    if (!isOwn) return undefined
    const file = DataFile.log(this.#start, 'sealed', fileBytes)
    file.records = footer.records
    file.highestIndex = footer.highestIndex
    file.chainAfter = footer.chainAfter
    file.footerCrc = footerCrc(bytes)
    const end = { index: successor.id, term: this.#start.term, chain: footer.chainAfter }
    return { file, image: undefined, end, fileBytes, timestamp: 0 }
  }

  async #scan(
    fileBytes: number,
    successor: Successor | undefined,
    mark: Mark,
  ): Promise<SegmentEnd> {
    const newest = new NewestRecords()
    const markAhead = mark.segment === this.#id
    let markSeen = !markAhead
    const path = segmentPath(this.#id)
    const scan = await scanLog(this.#handle, fileBytes, this.#start, {
      record: (record, offset) => newest.add(record, offset),
      boundary: (offset, chain) => {
        markSeen ||= offset === mark.offset && chain === mark.chain
      },
      otherFrame: (kind) => {
        if (kind === frameKind.membership) {
          throw corruptStore(
            path,
            'it belongs to a member of a cluster, which this version cannot open',
          )
        }
      },
    })
    const goesOn = successor?.isUnbegun === true && scan.position.index > successor.id
    const successorId = goesOn ? undefined : successor?.id
    if (successorId !== undefined && scan.position.index !== successorId) {
      throw corruptStore(path, `a bad frame at byte ${scan.offset}`)
    }
    if (!markSeen) {
      throw corruptStore(
        path,
        `a bad frame at byte ${scan.offset}, although it was durable up to byte ${mark.offset} (version ${mark.index})`,
      )
    }
    if (successorId === undefined) await this.#refuseMissingSuccessor(fileBytes, scan)
    const state = successorId === undefined ? 'active' : 'closed'
    const file = DataFile.log(this.#start, state, scan.offset)
    file.records = scan.records
    file.highestIndex = scan.position.index - 1
    file.chainAfter = scan.position.chain
    const image = await newest.image(this.#nextTurn)
    return { file, image, end: scan.position, fileBytes, timestamp: scan.timestamp }
  }

  /** A segment is sealed only after the next one is durable: a footer at the end of the log means that one is gone. */
  async #refuseMissingSuccessor(fileBytes: number, scan: LogScanEnd): Promise<void> {
    if (scan.offset !== fileBytes - segmentFooterBytes) return
    const footer = decodeSegmentFooter(await this.#read(scan.offset, segmentFooterBytes))
    if (footer !== undefined) throw corruptStore(segmentPath(scan.position.index), 'missing')
  }

  async #read(position: number, length: number): Promise<Buffer> {
    if (position < 0) return Buffer.alloc(0)
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, await readFully(this.#handle, bytes, position))
  }
}

async function readSuccessor(
  fileSystem: FileSystem,
  directory: string,
  id: number | undefined,
): Promise<Successor | undefined> {
  if (id === undefined) return undefined
  const file = await fileSystem.openForReading(`${directory}/${segmentPath(id)}`)
  try {
    const bytes = Buffer.alloc(segmentHeaderBytes)
    const header = decodeSegmentHeader(bytes.subarray(0, await readFully(file, bytes, 0)))
    const isUnbegun = (await file.size()) === segmentHeaderBytes
    return { id, chainBefore: header?.chainBefore, isUnbegun }
  } finally {
    await file.close()
  }
}

/** Without segments that have another one behind them and no frame: the log never went on in them. */
async function withoutUnbegun(
  fileSystem: FileSystem,
  directory: string,
  ids: readonly number[],
): Promise<readonly number[]> {
  const begun: number[] = []
  for (const [place, id] of ids.entries()) {
    const isInside = place > 0 && place < ids.length - 1
    const successor = isInside ? await readSuccessor(fileSystem, directory, id) : undefined
    if (successor?.isUnbegun !== true) begun.push(id)
  }
  return begun
}

async function readLastMark(fileSystem: FileSystem, directory: string): Promise<Mark> {
  const content = await readWholeFile(fileSystem, `${directory}/${marksFileName}`)
  if (content === undefined) throw corruptStore(marksFileName, 'missing')
  const mark = lastMark(content)
  if (mark === undefined) throw corruptStore(marksFileName, 'no valid mark')
  return mark
}

async function listSegments(fileSystem: FileSystem, directory: string): Promise<number[]> {
  const names = await listFolder(fileSystem, directory, logDirectoryName)
  return names.flatMap((name) => parseSegmentFileName(name) ?? []).sort((a, b) => a - b)
}

function refuseLostHistory(last: DataFile, end: LogPosition, mark: Mark, manifest: Manifest): void {
  const lastIndex = end.index - 1
  if (mark.segment > last.id || mark.index > lastIndex) {
    throw corruptStore(
      last.path,
      `it ends at version ${lastIndex}, although the log was durable up to version ${mark.index}`,
    )
  }
  if (manifest.mergedAt > lastIndex) {
    throw corruptStore(
      last.path,
      `it ends at version ${lastIndex}, although files were merged as of version ${manifest.mergedAt}`,
    )
  }
}

function segmentPath(id: number): string {
  return `${logDirectoryName}/${segmentFileName(id)}`
}
