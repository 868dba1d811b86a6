/**
 * Takes of one file of a damaged store all records that are certainly its own: those that its walk finds, and in the
 * stretches where that finds none those that the hint names. A hint says of each record where it stands, of which key and
 * version it is: a record there that is just that, with a right checksum, was written there.
 */
import type { DataFile } from '../data-file.ts'
import { logDirectoryName, segmentFileName } from '../file-names.ts'
import type { ReadableFile } from '../file-system/file-system.ts'
import { HintCursor } from '../hint-cursor.ts'
import type { ManifestFile } from '../manifest.ts'
import type { Mark } from '../mark.ts'
import { type RecordView, recordKind } from '../record.ts'
import {
  decodeSegmentFooter,
  decodeSegmentHeader,
  encodeSegmentFooter,
  footerCrc,
  type SegmentFooter,
  type SegmentHeader,
  segmentFooterBytes,
  segmentHeaderBytes,
  segmentKind,
} from '../segment.ts'
import type { CareReader } from './care-reader.ts'
import { readGoodHeader } from './hint-check.ts'
import { LogWalk, type WalkPosition } from './log-walk.ts'
import { OutputWalk } from './output-walk.ts'
import type { Pace } from './pace.ts'
import { preparedSpaceFrom } from './prepared-space-from.ts'
import { RecordProbe } from './record-probe.ts'
import type { Losses, LostStretch } from './repair-report.ts'
import type { SalvagedKeys } from './salvaged-keys.ts'

/** What is known of a file before it is read. */
export interface SalvageExpectation {
  readonly file: DataFile
  readonly slot: number
  /** Of a merge output that MANIFEST names. */
  readonly named: ManifestFile | undefined
  /** Where the segment before ends, for want of a header. */
  readonly position: WalkPosition | undefined
  /** The log segment that follows in the directory, by its own header. */
  readonly successor:
    | { readonly header: SegmentHeader | undefined; readonly id: number }
    | undefined
  readonly marks: readonly Mark[]
  /** Every version up to here was durable. */
  readonly mergedAt: number
}

export interface SalvageTarget {
  readonly keys: SalvagedKeys
  readonly losses: Losses
  readonly takesDoubtful: boolean
}

export class FileSalvage {
  readonly #pace: Pace
  readonly #expected: SalvageExpectation
  readonly #target: SalvageTarget
  readonly #lost: LostStretch[] = []
  #doubtful = 0
  /** CRC of the footer, if it is certainly the file's. */
  #footerCrc: number | undefined
  highestTerm = 0

  constructor(pace: Pace, expected: SalvageExpectation, target: SalvageTarget) {
    this.#pace = pace
    this.#expected = expected
    this.#target = target
    this.#footerCrc = expected.named?.footerCrc
  }

  /** Returns where the next log segment should start, as far as it is known. */
  async run(
    reader: CareReader,
    hint: { readonly reader: CareReader; readonly handle: ReadableFile } | undefined,
  ): Promise<WalkPosition | undefined> {
    const header = decodeSegmentHeader(Buffer.from(await reader.view(0, segmentHeaderBytes)))
    const { kind } = this.#expected.file
    const isLog = (header?.kind ?? kind) === segmentKind.log
    if (!isLog && kind === segmentKind.log) this.#noteMisplaced()
    const end = isLog ? await this.#walkLog(reader, header) : await this.#walkOutput(reader)
    await this.#useHint(reader, hint)
    return end
  }

  /** Nothing of the file is there, but perhaps its hint. */
  async runWithoutFile(
    hint: { readonly reader: CareReader; readonly handle: ReadableFile } | undefined,
  ): Promise<void> {
    const { file, named, successor } = this.#expected
    this.#lost.push({
      path: file.path,
      from: 0,
      to: named?.bytes ?? 0,
      firstVersion: file.lowestIndex,
      nextVersion: named === undefined ? successor?.id : named.highestIndex + 1,
      what: 'the file is missing or cannot be opened',
      isTornTail: false,
    })
    await this.#useHint(undefined, hint)
  }

  #take(record: RecordView, offset: number): undefined {
    this.#target.keys.add(this.#expected.slot, record, offset)
  }

  #takeDoubtful(record: RecordView, offset: number): undefined {
    this.#doubtful++
    if (this.#target.takesDoubtful) this.#take(record, offset)
  }

  async #walkLog(
    reader: CareReader,
    header: SegmentHeader | undefined,
  ): Promise<WalkPosition | undefined> {
    const { file, position, successor, marks, mergedAt } = this.#expected
    const id = header?.firstIndex ?? file.id
    const known = position?.index === id ? position.chain : undefined
    const start = { index: id, term: 0, chain: header?.chainBefore ?? known }
    // Of a segment that lies under another's name nobody knows what follows.
    const isMisplaced = id !== file.id || file.kind !== segmentKind.log
    const next = isMisplaced ? undefined : successor
    if (isMisplaced) this.#noteMisplaced()
    const footer = await this.#readFooter(reader, reader.bytes - segmentFooterBytes)
    const isTrusted =
      footer !== undefined &&
      footer.footer.lowestIndex === id &&
      footer.footer.highestIndex + 1 === next?.id &&
      footer.footer.chainAfter === next.header?.chainBefore
    this.#footerCrc = isTrusted ? footer.crc : dueFooterCrc(id, reader.bytes, next)
    // The index behind the last frame, where a footer stands and not what should follow.
    let footerIndex: number | undefined
    const noFrom = Number.POSITIVE_INFINITY
    const preparedFrom = next === undefined ? await preparedSpaceFrom(reader) : noFrom
    const walk = new LogWalk(
      reader,
      this.#pace,
      {
        from: segmentHeaderBytes,
        to: isTrusted ? footer.offset : reader.bytes,
        start,
        nextIndex: next?.id,
        anchors: new Map(
          marks.filter(({ segment }) => segment === id).map(({ offset, chain }) => [offset, chain]),
        ),
        endChain: next?.header?.chainBefore,
      },
      {
        frame: ({ term }) => {
          this.highestTerm = Math.max(this.highestTerm, term)
          return undefined
        },
        record: (record, offset) => this.#take(record, offset),
        doubtful: (record, offset) => this.#takeDoubtful(record, offset),
        damage: ({ from, to, firstIndex, nextIndex, what, frameAt, frameIndex }) => {
          if (footer !== undefined && frameAt === footer.offset) {
            footerIndex = frameIndex
            return false
          }
          const isMarked = marks.some(
            ({ segment, offset }) => segment > id || (segment === id && offset > frameAt),
          )
          const isTornTail = next === undefined && !isMarked && mergedAt < frameIndex
          if (isTornTail && from >= preparedFrom) return true
          this.#lost.push({
            path: file.path,
            from,
            to: isTornTail && to === reader.bytes ? preparedFrom : to,
            firstVersion: firstIndex,
            nextVersion: nextIndex,
            what,
            isTornTail,
          })
          return true
        },
      },
    )
    const { position: end } = await walk.run()
    if (footerIndex !== undefined) {
      if (next === undefined) this.#noteMissingSuccessor(footerIndex)
      return { index: footerIndex, term: end.term, chain: undefined }
    }
    const isEndKnown = this.#lost.at(-1)?.nextVersion !== undefined || this.#lost.length === 0
    return !isMisplaced && isEndKnown ? end : undefined
  }

  /** What should lie here is missing; what does lie here is read as what it is. */
  #noteMisplaced(): void {
    const { file, named, successor } = this.#expected
    this.#target.losses.olderMayBeCurrent = true
    this.#target.losses.stretch({
      path: file.path,
      from: 0,
      to: 0,
      firstVersion: file.lowestIndex,
      nextVersion: named === undefined ? successor?.id : named.highestIndex + 1,
      what: 'another file lies in its place',
      isTornTail: false,
    })
  }

  /** A segment is sealed only after the next one is durable. */
  #noteMissingSuccessor(index: number): void {
    this.#target.losses.olderMayBeCurrent = true
    this.#target.losses.stretch({
      path: `${logDirectoryName}/${segmentFileName(index)}`,
      from: 0,
      to: 0,
      firstVersion: index,
      nextVersion: undefined,
      what: 'the file is missing',
      isTornTail: false,
    })
  }

  async #walkOutput(reader: CareReader): Promise<undefined> {
    const { file } = this.#expected
    const named = await this.#namedIfItMayBe(reader)
    const isNamed = named !== undefined && named.bytes <= reader.bytes
    const footerAt = (isNamed ? named.bytes : reader.bytes) - segmentFooterBytes
    const footer = await this.#readFooter(reader, footerAt)
    const isTrusted =
      footer !== undefined && (named === undefined || footer.crc === named.footerCrc)
    if (isTrusted) this.#footerCrc = footer.crc
    const walk = new OutputWalk(
      reader,
      this.#pace,
      {
        from: segmentHeaderBytes,
        to: Math.max(segmentHeaderBytes, isTrusted || isNamed ? footerAt : reader.bytes),
        chainAfter: isTrusted ? footer.footer.chainAfter : undefined,
        lowestIndex: named?.lowestIndex ?? 1,
        highestIndex: named?.highestIndex ?? Number.MAX_SAFE_INTEGER,
      },
      {
        record: (record, offset) => this.#take(record, offset),
        doubtful: (record, offset) => this.#takeDoubtful(record, offset),
        damage: (from, to) => {
          this.#lost.push({
            path: file.path,
            from,
            to,
            firstVersion: named?.lowestIndex,
            nextVersion: named === undefined ? undefined : named.highestIndex + 1,
            what: 'a bad record',
            isTornTail: false,
          })
        },
      },
    )
    await walk.run()
    if (named !== undefined && named.bytes > reader.bytes) {
      this.#lost.push({
        path: file.path,
        from: reader.bytes,
        to: named.bytes,
        firstVersion: named.lowestIndex,
        nextVersion: named.highestIndex + 1,
        what: 'the end of the file is missing',
        isTornTail: false,
      })
    }
    return undefined
  }

  /** What MANIFEST says of the file, unless its own footer says that it is another one. */
  async #namedIfItMayBe(reader: CareReader): Promise<ManifestFile | undefined> {
    const { named } = this.#expected
    if (named === undefined) return undefined
    const due = await this.#readFooter(reader, named.bytes - segmentFooterBytes)
    const last = await this.#readFooter(reader, reader.bytes - segmentFooterBytes)
    const isAnother = last !== undefined && last.crc !== named.footerCrc
    if (!isAnother || due?.crc === named.footerCrc) return named
    this.#noteMisplaced()
    return undefined
  }

  async #readFooter(
    reader: CareReader,
    offset: number,
  ): Promise<{ footer: SegmentFooter; offset: number; crc: number } | undefined> {
    if (offset < segmentHeaderBytes) return undefined
    const encoded = Buffer.from(await reader.view(offset, segmentFooterBytes))
    const footer = decodeSegmentFooter(encoded)
    const isOfThisLength = footer?.bytes === offset - segmentHeaderBytes
    return isOfThisLength ? { footer, offset, crc: footerCrc(encoded) } : undefined
  }

  async #useHint(
    reader: CareReader | undefined,
    hint: { readonly reader: CareReader; readonly handle: ReadableFile } | undefined,
  ): Promise<void> {
    const { losses } = this.#target
    const header =
      this.#lost.length === 0 || hint === undefined ? undefined : await readGoodHeader(hint.reader)
    // Then it tells of every key what its newest record in the file was.
    const isOwn = header !== undefined && header.footerCrc === this.#footerCrc
    if (header !== undefined && hint !== undefined) {
      const { handle } = hint
      const open = { file: handle, fileBytes: hint.reader.bytes, entries: header.entries }
      await this.#walkHint(reader, HintCursor.overFile(0, open), isOwn)
    }
    if (!isOwn) losses.doubtfulRecords += this.#doubtful
    for (const stretch of this.#lost) {
      losses.stretch(stretch)
      if (stretch.nextVersion !== undefined) this.#target.keys.noteIndex(stretch.nextVersion - 1)
      const mayHoldRecords = stretch.firstVersion !== stretch.nextVersion
      if (mayHoldRecords && !isOwn && !stretch.isTornTail) losses.olderMayBeCurrent = true
    }
  }

  async #walkHint(
    reader: CareReader | undefined,
    cursor: HintCursor,
    isOwn: boolean,
  ): Promise<void> {
    const { keys } = this.#target
    const probe = reader === undefined ? undefined : new RecordProbe(reader)
    for (;;) {
      const moved = cursor.advance()
      if (!(typeof moved === 'boolean' ? moved : await moved)) return
      const turn = this.#pace.checkpoint()
      if (turn !== undefined) await turn
      const { entry } = cursor
      if (!this.#isLost(entry.offset)) continue
      const { offset, size, index, kind, key } = entry
      const isThere =
        reader !== undefined &&
        probe !== undefined &&
        (await probe.look(offset, Math.min(reader.bytes, offset + size)))
      const record = probe?.record
      const isIt =
        isThere &&
        record !== undefined &&
        record.size === size &&
        record.index === index &&
        record.kind === kind &&
        record.key.equals(key)
      if (isIt) this.#take(record, offset)
      else if (isOwn) keys.note(kind === recordKind.tombstone ? 'deleted' : 'lost', key, index)
    }
  }

  #isLost(offset: number): boolean {
    // They were found in order, one behind the other.
    let low = 0
    let high = this.#lost.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#lost[middle]!.to <= offset) low = middle + 1
      else high = middle
    }
    const stretch = this.#lost[low]
    return stretch !== undefined && stretch.from <= offset
  }
}

/** CRC of the footer that a sealed segment of `bytes` bytes must have, where the next one tells what stands in it. */
function dueFooterCrc(
  id: number,
  bytes: number,
  next: SalvageExpectation['successor'],
): number | undefined {
  if (next?.header === undefined) return undefined
  return footerCrc(
    encodeSegmentFooter({
      kind: segmentKind.log,
      chainAfter: next.header.chainBefore,
      lowestIndex: id,
      highestIndex: next.id - 1,
      records: next.id - id,
      bytes: Math.max(0, bytes - segmentHeaderBytes - segmentFooterBytes),
    }),
  )
}
