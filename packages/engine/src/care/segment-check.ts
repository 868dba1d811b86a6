import { hintFileName, logDirectoryName, segmentFileName } from '../file-names.ts'
import type { Mark } from '../mark.ts'
import { NewestRecords } from '../newest-records.ts'
import {
  decodeSegmentFooter,
  decodeSegmentHeader,
  encodeSegmentFooter,
  footerCrc,
  type SegmentFooter,
  segmentFooterBytes,
  segmentHeaderBytes,
  segmentKind,
} from '../segment.ts'
import type { CareContext } from './care-context.ts'
import type { CareReader } from './care-reader.ts'
import { HintCheck } from './hint-check.ts'
import { type DamagedStretch, LogWalk, type LogWalkEnd, type WalkPosition } from './log-walk.ts'
import { preparedSpaceFrom } from './prepared-space-from.ts'

/** What is known of a log segment before it is read. */
export interface SegmentExpectation {
  readonly id: number
  /** Where the segment before ends; without one, the chain is unknown. */
  readonly start: WalkPosition
  /** Undefined for the last segment. */
  readonly successor: Successor | undefined
  readonly mark: Mark | undefined
  readonly mergedAt: number
  /** Whether a footer is due. One that is missing is written by the next open. */
  readonly hasFooter: boolean
  readonly hintMayBeMissing: boolean
}

/** The segment that follows, by its own header. */
export interface Successor {
  readonly id: number
  readonly chainBefore: number | undefined
}

/** Checks every byte of a log segment, and its hint against its records. Returns where it ends. */
export async function checkSegment(
  context: CareContext,
  expected: SegmentExpectation,
  reader: CareReader,
): Promise<LogWalkEnd> {
  return new SegmentCheck(context, expected, reader).run()
}

class SegmentCheck {
  readonly #context: CareContext
  readonly #expected: SegmentExpectation
  readonly #reader: CareReader
  readonly #path: string
  readonly #newest: NewestRecords | undefined
  #isDamaged = false
  #markSeen: boolean
  /** Where prepared space may begin. */
  #preparedFrom: number
  /** Where a torn tail begins. */
  #tornAt: number | undefined
  #footer: FoundFooter | undefined
  /** The index behind the last frame, where a good footer stands and not what should follow. */
  #endedAt: number | undefined

  constructor(context: CareContext, expected: SegmentExpectation, reader: CareReader) {
    const { mark, id, successor } = expected
    this.#context = context
    this.#expected = expected
    this.#reader = reader
    this.#path = `${logDirectoryName}/${segmentFileName(id)}`
    this.#newest = successor === undefined ? undefined : new NewestRecords()
    this.#markSeen = mark?.segment !== id
    this.#preparedFrom = reader.bytes
  }

  async run(): Promise<LogWalkEnd> {
    const { pace, findings } = this.#context
    const { successor, mark, id } = this.#expected
    const start = await this.#checkHeader()
    const footer = await this.#readFooter()
    this.#footer = footer
    const isTrusted = footer !== undefined && this.#isOwn(footer.footer)
    if (successor === undefined) this.#preparedFrom = await preparedSpaceFrom(this.#reader)
    const walk = new LogWalk(
      this.#reader,
      pace,
      {
        from: segmentHeaderBytes,
        to: isTrusted ? footer.offset : this.#reader.bytes,
        start,
        nextIndex: successor?.id,
        anchors: new Map(mark?.segment === id ? [[mark.offset, mark.chain]] : []),
        endChain: successor?.chainBefore,
      },
      {
        record: (record, offset) => {
          findings.records++
          this.#newest?.add(record, offset)
          return undefined
        },
        boundary: (offset, chain) => {
          this.#markSeen ||= offset === mark?.offset && chain === mark.chain
        },
        damage: (stretch) => this.#damage(stretch),
      },
    )
    const end = await walk.run()
    if (this.#endedAt !== undefined) {
      await this.#checkHint(footer)
      return { ...end, position: { ...end.position, index: this.#endedAt, chain: undefined } }
    }
    const { index } = end.position
    if (successor !== undefined && !this.#isDamaged && index !== successor.id) {
      this.#wrong(
        end.offset,
        `it ends at version ${index - 1}, and the next one starts at ${successor.id}`,
      )
    }
    this.#checkMark(end)
    if (successor === undefined) await this.#checkTornTail()
    else if (!this.#isDamaged) this.#checkFooter(end, footer, isTrusted)
    await this.#checkHint(footer)
    return end
  }

  #wrong(offset: number, what: string): void {
    this.#isDamaged = true
    this.#context.findings.corruption(this.#path, offset, what)
  }

  /** Returns where the first frame should stand. */
  async #checkHeader(): Promise<WalkPosition> {
    const { id, start } = this.#expected
    const header = decodeSegmentHeader(Buffer.from(await this.#reader.view(0, segmentHeaderBytes)))
    if (header === undefined) {
      this.#wrong(0, 'a bad header')
      return start
    }
    if (header.kind !== segmentKind.log || header.firstIndex !== id) {
      this.#wrong(0, 'the header of another file')
      return start
    }
    if (start.chain !== undefined && header.chainBefore !== start.chain) {
      this.#wrong(0, 'it does not continue the segment before it')
    }
    return { ...start, chain: header.chainBefore }
  }

  async #readFooter(): Promise<FoundFooter | undefined> {
    const offset = this.#reader.bytes - segmentFooterBytes
    if (!this.#expected.hasFooter || offset < segmentHeaderBytes) return undefined
    const encoded = Buffer.from(await this.#reader.view(offset, segmentFooterBytes))
    const footer = decodeSegmentFooter(encoded)
    return footer === undefined ? undefined : { footer, offset, crc: footerCrc(encoded) }
  }

  /** As recovery sees it: a value may end in bytes that look like a footer. */
  #isOwn(footer: SegmentFooter): boolean {
    const { id, successor } = this.#expected
    return (
      successor !== undefined &&
      footer.kind === segmentKind.log &&
      footer.lowestIndex === id &&
      footer.highestIndex + 1 === successor.id &&
      footer.chainAfter === successor.chainBefore &&
      footer.bytes === this.#reader.bytes - segmentHeaderBytes - segmentFooterBytes
    )
  }

  #damage({ from, to, what, frameAt, frameIndex }: DamagedStretch): boolean {
    const { successor, mark, mergedAt } = this.#expected
    const footer = this.#footer
    if (footer?.offset === frameAt && footer.footer.highestIndex + 1 === frameIndex) {
      this.#endedAt = frameIndex
      return false
    }
    const isTorn =
      successor === undefined &&
      this.#markSeen &&
      mergedAt < frameIndex &&
      (mark === undefined || mark.index < frameIndex)
    if (isTorn) {
      if (frameAt < this.#preparedFrom) this.#tornAt = frameAt
      return false
    }
    const durable =
      mark?.segment === this.#expected.id && frameAt < mark.offset
        ? `, although it was durable up to byte ${mark.offset} (version ${mark.index})`
        : ''
    this.#wrong(from, `${what}${durable}; nothing certain up to byte ${to}`)
    return true
  }

  #checkMark({ offset }: LogWalkEnd): void {
    const { mark } = this.#expected
    if (this.#markSeen || this.#isDamaged || mark === undefined) return
    this.#wrong(
      offset,
      `no frame ends at byte ${mark.offset}, although it was durable up to there (version ${mark.index})`,
    )
  }

  /** A segment is sealed only after the next one is durable: a footer at the end of the log means that one is gone. */
  async #checkTornTail(): Promise<void> {
    const { findings } = this.#context
    const offset = this.#tornAt
    if (offset === undefined) return
    const { bytes } = this.#reader
    const isFooter =
      offset === bytes - segmentFooterBytes &&
      decodeSegmentFooter(Buffer.from(await this.#reader.view(offset, segmentFooterBytes))) !==
        undefined
    if (isFooter)
      this.#wrong(offset, 'a footer, although no segment follows: the next one is missing')
    else {
      const what = `a torn tail of ${this.#preparedFrom - offset} bytes: the next open cuts it and keeps a copy in lost/`
      findings.add('torn tail', this.#path, offset, what)
    }
  }

  #checkFooter(
    { offset, position }: LogWalkEnd,
    footer: FoundFooter | undefined,
    isTrusted: boolean,
  ): void {
    const { id, hasFooter } = this.#expected
    if (!hasFooter) return
    const due = encodeSegmentFooter({
      kind: segmentKind.log,
      chainAfter: position.chain ?? 0,
      lowestIndex: id,
      highestIndex: position.index - 1,
      records: position.index - id,
      bytes: offset - segmentHeaderBytes,
    })
    if (footer?.offset === offset && footer.crc === footerCrc(due)) return
    if (isTrusted) this.#wrong(footer?.offset ?? offset, 'a footer that contradicts the frames')
    else {
      const what = 'no good footer: the next open scans the segment and writes one'
      this.#context.findings.add('shortcut', this.#path, offset, what)
    }
  }

  async #checkHint(footer: FoundFooter | undefined): Promise<void> {
    const { id, successor, hintMayBeMissing } = this.#expected
    if (successor === undefined || this.#newest === undefined) return
    const crc = this.#isDamaged ? undefined : footer?.crc
    const path = `${logDirectoryName}/${hintFileName(id)}`
    const mayBeMissing = hintMayBeMissing || footer === undefined
    const hint = await HintCheck.open(this.#context, path, crc, mayBeMissing)
    if (hint === undefined) return
    try {
      const { pace } = this.#context
      await this.#newest.visit(pace.nextTurn, (entry) => hint.expect(entry) ?? pace.checkpoint())
      await hint.finish()
    } finally {
      await hint.close()
    }
  }
}

interface FoundFooter {
  readonly footer: SegmentFooter
  readonly offset: number
  readonly crc: number
}
