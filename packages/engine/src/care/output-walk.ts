/**
 * Walks a merge output that may be damaged. Its records count where they must stand: from the header on, one behind the
 * other, each key above the one before. Behind a damaged record they count if their chain leads to the footer's, through
 * the damaged one's CRC field; else they are doubtful, since a value may hold bytes that look like records.
 */
import { chainAfter } from '../crc32.ts'
import { type RecordView, recordHeaderBytes, recordKind } from '../record.ts'
import type { CareReader } from './care-reader.ts'
import type { Pace } from './pace.ts'
import { RecordProbe } from './record-probe.ts'

/** Bytes that the search behind damage sums at most, in lengths of the file. */
const searchLengthsMax = 16
const searchBytesMin = 64 * 1024 * 1024
/** Searched in one go, some 0.3 ms. */
const searchViewBytes = 128 * 1024

export interface OutputWalkVisitor {
  /** A good record at byte `offset`: see {@link RecordProbe.record}. */
  record(record: RecordView, offset: number): Promise<void> | undefined
  /** One that may be bytes of a value. */
  doubtful?(record: RecordView, offset: number): Promise<void> | undefined
  damage(from: number, to: number): void
}

export interface OutputWalkBounds {
  readonly from: number
  /** Where the footer begins, or the file ends. */
  readonly to: number
  /** The footer's; undefined when there is no telling. */
  readonly chainAfter: number | undefined
  readonly lowestIndex: number
  readonly highestIndex: number
}

export interface OutputWalkEnd {
  readonly chain: number | undefined
  readonly isWhole: boolean
}

/** Where records go on behind damage. */
interface Run {
  readonly from: number
  readonly to: number
  readonly isCertain: boolean
}

export class OutputWalk {
  readonly #reader: CareReader
  readonly #pace: Pace
  readonly #bounds: OutputWalkBounds
  readonly #visitor: OutputWalkVisitor
  readonly #probe: RecordProbe
  #offset: number
  /** Unknown behind damage. */
  #chain: number | undefined = 0
  #lastKey: Buffer | undefined
  #searchBytesLeft: number

  constructor(
    reader: CareReader,
    pace: Pace,
    bounds: OutputWalkBounds,
    visitor: OutputWalkVisitor,
  ) {
    this.#reader = reader
    this.#pace = pace
    this.#bounds = bounds
    this.#visitor = visitor
    this.#probe = new RecordProbe(reader)
    this.#offset = bounds.from
    this.#searchBytesLeft = Math.max(searchBytesMin, searchLengthsMax * reader.bytes)
  }

  async run(): Promise<OutputWalkEnd> {
    const { to } = this.#bounds
    let isWhole = true
    await this.#takeRun(to, 'record')
    while (this.#offset < to) {
      isWhole = false
      const run = await this.#search()
      if (run === undefined) {
        this.#visitor.damage(this.#offset, to)
        break
      }
      this.#visitor.damage(this.#offset, run.isCertain ? run.from : run.to)
      this.#offset = run.from
      this.#chain = undefined
      await this.#takeRun(run.to, run.isCertain ? 'record' : 'doubtful')
    }
    return { chain: this.#chain, isWhole }
  }

  /** Visits good records up to `to`, or up to the first that is not. */
  async #takeRun(to: number, visit: 'record' | 'doubtful'): Promise<void> {
    const { record } = this.#probe
    while (this.#offset < to && (await this.#isGood(this.#offset, this.#lastKey))) {
      const { size, crc } = record
      this.#noteKey()
      if (this.#chain !== undefined) this.#chain = chainAfter(this.#chain, crc)
      const wait = this.#visitor[visit]?.(record, this.#offset)
      if (wait !== undefined) await wait
      const turn = this.#pace.checkpoint()
      if (turn !== undefined) await turn
      this.#offset += size
    }
  }

  #noteKey(): void {
    const { key } = this.#probe.record
    // Mostly the keys of a file are about as long as each other.
    if (this.#lastKey?.length === key.length) key.copy(this.#lastKey)
    else this.#lastKey = Buffer.from(key)
  }

  async #isGood(at: number, lastKey: Uint8Array | undefined): Promise<boolean> {
    const { to } = this.#bounds
    const isRecord = this.#probe.lookNow(at, to) ?? (await this.#probe.look(at, to))
    return isRecord && this.#mayStandHere(lastKey)
  }

  #mayStandHere(lastKey: Uint8Array | undefined): boolean {
    const { kind, index, key } = this.#probe.record
    const { lowestIndex, highestIndex } = this.#bounds
    if (kind === recordKind.session || index < lowestIndex || index > highestIndex) return false
    return lastKey === undefined || Buffer.compare(key, lastKey) > 0
  }

  /** The next run of records behind the damaged one here. */
  async #search(): Promise<Run | undefined> {
    const start = this.#offset
    const { to } = this.#bounds
    const head = await this.#reader.view(start, 4)
    const through =
      this.#chain === undefined || head.length < 4
        ? undefined
        : chainAfter(this.#chain, head.readUInt32LE(0))
    const size = await this.#probe.claimedBytes(start, to)
    if (size !== undefined) {
      const run = await this.#runAt(start + size, through)
      if (run?.isCertain === true) return run
    }
    let at = start + 1
    while (at + recordHeaderBytes <= to && this.#searchBytesLeft > 0) {
      const bytes = await this.#reader.view(at, searchViewBytes)
      const place = nextCandidate(bytes, Math.min(bytes.length, to - at))
      if (place === -1) {
        this.#searchBytesLeft -= bytes.length
        at += Math.max(1, bytes.length - recordHeaderBytes + 1)
      } else {
        at += place
        const run = await this.#runAt(at, through)
        if (run !== undefined && run.to > run.from) return run
        at++
      }
      const wait = this.#pace.checkpoint()
      if (wait !== undefined) await wait
    }
    return undefined
  }

  /** The good records that follow one another from `from` on; an empty run at the end of the file may be certain too. */
  async #runAt(from: number, through: number | undefined): Promise<Run | undefined> {
    const { to } = this.#bounds
    const { record } = this.#probe
    let at = from
    let chain = through
    let lastKey: Uint8Array | undefined = this.#lastKey
    // What it claims is summed, whether it is good or not.
    this.#searchBytesLeft -= (await this.#probe.claimedBytes(from, to)) ?? 0
    while (at < to && this.#searchBytesLeft > 0 && (await this.#isGood(at, lastKey))) {
      lastKey = Buffer.from(record.key)
      if (chain !== undefined) chain = chainAfter(chain, record.crc)
      this.#searchBytesLeft -= record.size
      at += record.size
      const turn = this.#pace.checkpoint()
      if (turn !== undefined) await turn
    }
    const isCertain = at === to && chain !== undefined && chain === this.#bounds.chainAfter
    return at === from && !isCertain ? undefined : { from, to: at, isCertain }
  }
}

/** Where a record's header may begin; -1 for nowhere. */
function nextCandidate(bytes: Buffer, length: number): number {
  const end = length - recordHeaderBytes
  for (let place = 0; place <= end; place++) {
    const kind = bytes[place + 4]
    if (kind !== recordKind.put && kind !== recordKind.tombstone) continue
    // A flag at most, and neither index nor timestamp above 2^53.
    if (bytes[place + 5]! <= 1 && bytes[place + 19] === 0 && bytes[place + 27] === 0) return place
  }
  return -1
}
