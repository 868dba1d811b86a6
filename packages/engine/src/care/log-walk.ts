/**
 * Walks a log segment that may be damaged, and takes of it what is certainly its own.
 *
 * A right CRC does not make a frame: a value may hold bytes that look like one. So a frame counts only where it must
 * stand:
 * - behind a good frame, as everywhere: right index, right chain;
 * - behind a damaged one, if its chain follows from that one's CRC field and the chain before it: whoever writes values
 *   knows no chain;
 * - anywhere behind damage, if good frames lead from it to an anchor: a place whose chain another file tells, such as a
 *   mark or the next segment's header.
 * Frames that only look right are doubtful. Of a damaged frame those records count that follow each other from its
 * start, and those behind a damaged one that fill the frame to its end with the indices that belong there.
 */
import { chainAfter } from '../crc32.ts'
import { frameHeaderBytes, frameKind } from '../frame.ts'
import type { RecordView } from '../record.ts'
import type { CareReader } from './care-reader.ts'
import { type FrameHead, readFrameHead } from './frame-head.ts'
import type { Pace } from './pace.ts'
import { RecordProbe } from './record-probe.ts'

/** Bytes that the search behind damage sums at most, in lengths of the file. */
const searchLengthsMax = 16
const searchBytesMin = 64 * 1024 * 1024
/** Searched in one go, some 0.3 ms. */
const searchViewBytes = 128 * 1024

/** Where a walk stands. The chain is unknown behind damage. */
export interface WalkPosition {
  readonly index: number
  readonly term: number
  readonly chain: number | undefined
}

/** A stretch of a file that holds nothing certain. */
export interface DamagedStretch {
  readonly from: number
  readonly to: number
  /** Indices that may be lost with it: from `firstIndex` up to `nextIndex`, which is undefined when nobody knows. */
  readonly firstIndex: number
  readonly nextIndex: number | undefined
  /** Of a log: where the damaged frame begins, and the index that it should have. */
  readonly frameAt: number
  readonly frameIndex: number
  readonly what: string
}

/** What is visited; the walk waits for promises. */
export interface LogWalkVisitor {
  /** A good record at byte `offset`: see {@link RecordProbe.record}. */
  record(record: RecordView, offset: number): Promise<void> | undefined
  /** One that may be bytes of a value. */
  doubtful?(record: RecordView, offset: number): Promise<void> | undefined
  /** A good frame, before its records. */
  frame?(head: FrameHead, offset: number): Promise<void> | undefined
  /** Behind a good frame, and before the first. */
  boundary?(offset: number, chain: number): void
  /** False ends the walk here. */
  damage(stretch: DamagedStretch): boolean
}

export interface LogWalkBounds {
  /** Where the first frame begins. */
  readonly from: number
  /** Where the last one ends at the latest: the footer, or the end of the file. */
  readonly to: number
  readonly start: WalkPosition
  /** First index of the segment that follows. */
  readonly nextIndex: number | undefined
  /** Chains by byte offset that other files tell. */
  readonly anchors: ReadonlyMap<number, number>
  /** Chain at the end of the segment, which another file or the footer tells. */
  readonly endChain: number | undefined
}

export interface LogWalkEnd {
  /** Behind the last frame that counts. */
  readonly offset: number
  readonly position: WalkPosition
  readonly timestamp: number
}

type Stretch = Omit<DamagedStretch, 'what'>

interface Found {
  readonly offset: number
  readonly position: WalkPosition
}

export class LogWalk {
  readonly #reader: CareReader
  readonly #pace: Pace
  readonly #bounds: LogWalkBounds
  readonly #visitor: LogWalkVisitor
  readonly #probe: RecordProbe
  #position: WalkPosition
  #offset: number
  #timestamp = 0
  #searchBytesLeft: number

  constructor(reader: CareReader, pace: Pace, bounds: LogWalkBounds, visitor: LogWalkVisitor) {
    this.#reader = reader
    this.#pace = pace
    this.#bounds = bounds
    this.#visitor = visitor
    this.#probe = new RecordProbe(reader)
    this.#position = bounds.start
    this.#offset = bounds.from
    this.#searchBytesLeft = Math.max(searchBytesMin, searchLengthsMax * reader.bytes)
  }

  async run(): Promise<LogWalkEnd> {
    this.#noteBoundary()
    while (!this.#isAtEnd()) {
      const head = await this.#goodFrame(this.#offset, this.#position)
      const goesOn = head === undefined ? await this.#passDamage() : await this.#takeFrame(head)
      if (!goesOn) break
    }
    return { offset: this.#offset, position: this.#position, timestamp: this.#timestamp }
  }

  #isAtEnd(): boolean {
    const { to, nextIndex } = this.#bounds
    return this.#offset >= to || this.#position.index === nextIndex
  }

  #noteBoundary(): void {
    const { chain } = this.#position
    if (chain !== undefined) this.#visitor.boundary?.(this.#offset, chain)
  }

  /** The frame at `offset`, if it is good and continues `position`. */
  async #goodFrame(offset: number, position: WalkPosition): Promise<FrameHead | undefined> {
    const left = this.#bounds.to - offset
    const head = readFrameHead(await this.#reader.view(offset, frameHeaderBytes), 0, left)
    if (head === undefined || head.firstIndex !== position.index || head.term < position.term) {
      return undefined
    }
    if (position.chain !== undefined && head.chainBefore !== position.chain) return undefined
    return (await this.#isSummed(head, offset)) ? head : undefined
  }

  async #isSummed(head: FrameHead, offset: number): Promise<boolean> {
    // As much of it as one view shows comes with one read.
    await this.#reader.view(offset, Math.min(head.length, this.#reader.viewBytesMax))
    return (await this.#reader.crc(offset + 4, offset + head.length)) === head.crc
  }

  async #takeFrame(head: FrameHead): Promise<boolean> {
    const start = this.#offset
    const end = start + head.length
    const wait = this.#visitor.frame?.(head, start)
    if (wait !== undefined) await wait
    this.#offset = end
    this.#position = behind(head)
    this.#timestamp = head.timestamp
    if (head.kind === frameKind.data) {
      const { index } = this.#position
      const stopped = await this.#takeRecords(start + frameHeaderBytes, end, head.firstIndex)
      if (stopped.offset !== end || stopped.index !== index) {
        const what = 'a frame that does not hold the records it says'
        const stretch = { from: stopped.offset, to: end, firstIndex: stopped.index, what }
        const frame = { frameAt: start, frameIndex: head.firstIndex }
        if (!this.#visitor.damage({ ...stretch, ...frame, nextIndex: index })) return false
      }
    }
    this.#noteBoundary()
    return true
  }

  /** Visits the good records from `from` on whose indices follow one another. Returns where the first other bytes are. */
  async #takeRecords(
    from: number,
    to: number,
    firstIndex: number,
    visit: 'record' | 'doubtful' | 'none' = 'record',
  ): Promise<{ offset: number; index: number }> {
    const probe = this.#probe
    const { record } = probe
    let offset = from
    let index = firstIndex
    while (offset < to) {
      const isGood = probe.lookNow(offset, to) ?? (await probe.look(offset, to))
      if (!isGood || record.index !== index) break
      const { size } = record
      const wait = visit === 'none' ? undefined : this.#visitor[visit]?.(record, offset)
      if (wait !== undefined) await wait
      const turn = this.#pace.checkpoint()
      if (turn !== undefined) await turn
      offset += size
      index++
    }
    return { offset, index }
  }

  /** Finds where the log goes on behind the damage here, and what can be taken before. */
  async #passDamage(): Promise<boolean> {
    const { to, nextIndex } = this.#bounds
    const start = this.#offset
    const { index } = this.#position
    const doubtful: Found[] = []
    const found = await this.#search(start, doubtful)
    const stretch: Stretch = {
      from: start,
      to: found?.offset ?? to,
      firstIndex: index,
      nextIndex: found?.position.index ?? nextIndex,
      frameAt: start,
      frameIndex: index,
    }
    const goesOn =
      found === undefined && !this.#wasDurable(start)
        ? this.#visitor.damage({ ...stretch, what: 'a bad frame' })
        : await this.#takeFromDamagedFrame(stretch, found !== undefined)
    for (const run of doubtful) await this.#takeDoubtful(run, stretch.to)
    this.#offset = stretch.to
    if (found !== undefined) {
      this.#position = found.position
      this.#noteBoundary()
    } else if (nextIndex !== undefined) {
      this.#position = { ...this.#position, index: nextIndex, chain: this.#bounds.endChain }
    }
    return goesOn && found !== undefined
  }

  /** Else what stands at `offset` is perhaps the rest of a write that nobody was told of. */
  #wasDurable(offset: number): boolean {
    if (this.#bounds.nextIndex !== undefined) return true
    for (const anchor of this.#bounds.anchors.keys()) if (anchor > offset) return true
    return false
  }

  async #takeFromDamagedFrame(stretch: Stretch, isEndCertain: boolean): Promise<boolean> {
    const { from, to, firstIndex, nextIndex } = stretch
    const recordsFrom = from + frameHeaderBytes
    const first = await this.#takeRecords(recordsFrom, to, firstIndex)
    if (first.index === nextIndex) {
      const header = { ...stretch, to: recordsFrom, nextIndex: firstIndex }
      return this.#visitor.damage({ ...header, what: 'a damaged frame header' })
    }
    const next = isEndCertain ? await this.#behindRecord(first, stretch) : undefined
    if (next === undefined) {
      const rest = { from: first.offset, firstIndex: first.index }
      const lost = first.index === firstIndex ? stretch : { ...stretch, ...rest }
      return this.#visitor.damage({ ...lost, what: 'a bad frame' })
    }
    const lost = {
      from: first.offset,
      to: next,
      firstIndex: first.index,
      nextIndex: first.index + 1,
    }
    const goesOn = this.#visitor.damage({ ...stretch, ...lost, what: 'a damaged record' })
    await this.#takeRecords(next, to, first.index + 1)
    return goesOn
  }

  /** Where records go on behind the damaged one at `at` and fill the frame to its end with the right indices. */
  async #behindRecord(
    at: { offset: number; index: number },
    { to, nextIndex }: Stretch,
  ): Promise<number | undefined> {
    const size = await this.#probe.claimedBytes(at.offset, to)
    if (size === undefined) return undefined
    const next = at.offset + size
    if (next === to) return at.index + 1 === nextIndex ? next : undefined
    const end = await this.#takeRecords(next, to, at.index + 1, 'none')
    return end.offset === to && end.index === nextIndex ? next : undefined
  }

  async #takeDoubtful({ offset, position }: Found, to: number): Promise<void> {
    let at = offset
    let next = position
    for (;;) {
      const head = at < to ? await this.#goodFrame(at, next) : undefined
      if (head === undefined) return
      const end = at + head.length
      await this.#takeRecords(at + frameHeaderBytes, end, head.firstIndex, 'doubtful')
      at = end
      next = behind(head)
    }
  }

  /** The next frame that certainly is one behind the damaged one at `start`, or the end of the segment. */
  async #search(start: number, doubtful: Found[]): Promise<Found | undefined> {
    const { to } = this.#bounds
    const head = Buffer.from(await this.#reader.view(start, 8))
    if (head.length < 8) return undefined
    const { chain } = this.#position
    const through = chain === undefined ? undefined : chainAfter(chain, head.readUInt32LE(0))
    const claimed = start + head.readUInt32LE(4)
    if (claimed > start + frameHeaderBytes && claimed <= to) {
      const found = await this.#certainAt(claimed, through)
      if (found !== undefined) return found
    }
    let at = start + 1
    while (at + frameHeaderBytes <= to && this.#searchBytesLeft > 0) {
      const bytes = await this.#reader.view(at, searchViewBytes)
      const place = this.#nextCandidate(bytes, at)
      if (place === -1) {
        this.#searchBytesLeft -= bytes.length
        at += Math.max(1, bytes.length - frameHeaderBytes + 1)
      } else {
        at += place
        const found = await this.#certainAt(at, through)
        if (found !== undefined) return found
        at = await this.#noteDoubtful(at, doubtful)
      }
      const wait = this.#pace.checkpoint()
      if (wait !== undefined) await wait
    }
    return undefined
  }

  /** Where a frame's header may begin in bytes that stand at `at` of the file; -1 for nowhere. */
  #nextCandidate(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, this.#bounds.to - at) - frameHeaderBytes
    for (let place = 0; place <= end; place++) {
      // The format version, then a kind, and no index is above 2^53.
      if (bytes[place + 12] !== 1 || bytes[place + 13]! > 4 || bytes[place + 23] !== 0) continue
      const head = readFrameHead(bytes, place, this.#bounds.to - at - place)
      if (head !== undefined && this.#mayFollow(head)) return place
    }
    return -1
  }

  #mayFollow({ firstIndex, recordCount, term }: FrameHead): boolean {
    const { nextIndex } = this.#bounds
    const isBelow = nextIndex === undefined || firstIndex + recordCount <= nextIndex
    return firstIndex > this.#position.index && isBelow && term >= this.#position.term
  }

  /** The frame at `offset`, or the end of the segment, if the chain `through` the damage or an anchor proves it. */
  async #certainAt(offset: number, through: number | undefined): Promise<Found | undefined> {
    const { to, nextIndex, endChain } = this.#bounds
    if (offset === to) {
      const isEnd = nextIndex !== undefined && endChain !== undefined && through === endChain
      const { term } = this.#position
      return isEnd ? { offset, position: { index: nextIndex, term, chain: endChain } } : undefined
    }
    const head = readFrameHead(await this.#reader.view(offset, frameHeaderBytes), 0, to - offset)
    if (head === undefined || !this.#mayFollow(head)) return undefined
    this.#searchBytesLeft -= head.length
    const position = { index: head.firstIndex, term: head.term, chain: head.chainBefore }
    const isCertain =
      (through !== undefined &&
        head.chainBefore === through &&
        (await this.#isSummed(head, offset))) ||
      (await this.#leadsToAnchor(offset, position))
    return isCertain ? { offset, position } : undefined
  }

  async #leadsToAnchor(offset: number, start: WalkPosition): Promise<boolean> {
    const { to, anchors, nextIndex, endChain } = this.#bounds
    let at = offset
    let position = start
    while (this.#searchBytesLeft > 0) {
      if (position.chain === anchors.get(at)) return true
      if (endChain !== undefined && position.index === nextIndex) return position.chain === endChain
      const head = at < to ? await this.#goodFrame(at, position) : undefined
      if (head === undefined) return false
      this.#searchBytesLeft -= head.length
      at += head.length
      position = behind(head)
    }
    return false
  }

  /** Notes a run of frames at `offset` that only look right. Returns where to search on. */
  async #noteDoubtful(offset: number, doubtful: Found[]): Promise<number> {
    const head = readFrameHead(
      await this.#reader.view(offset, frameHeaderBytes),
      0,
      this.#bounds.to - offset,
    )
    if (head === undefined || !(await this.#isSummed(head, offset))) return offset + 1
    const start = { index: head.firstIndex, term: head.term, chain: head.chainBefore }
    doubtful.push({ offset, position: start })
    let at = offset + head.length
    let position = behind(head)
    for (;;) {
      const next = at < this.#bounds.to ? await this.#goodFrame(at, position) : undefined
      if (next === undefined) return at
      at += next.length
      position = behind(next)
    }
  }
}

function behind(head: FrameHead): WalkPosition {
  return {
    index: head.firstIndex + head.recordCount,
    term: head.term,
    chain: chainAfter(head.chainBefore, head.crc),
  }
}
