import { corruptStore } from '../corrupt-store.ts'
import { chainAfter, crc32 } from '../crc32.ts'
import type { DataFile } from '../data-file.ts'
import { formatVersion } from '../format-version.ts'
import { frameHeaderBytes, type LogPosition } from '../frame.ts'
import { expiryBytes, recordHeaderBytes } from '../record.ts'
import {
  decodeSegmentFooter,
  decodeSegmentHeader,
  footerCrc,
  segmentFooterBytes,
  segmentHeaderBytes,
  segmentKind,
} from '../segment.ts'
import { readU64 } from '../u64.ts'

/** What the next bytes are. A unit is a frame of the log, or a record of a merge output. */
type Part = 'header' | 'unit' | 'footer' | 'end'

/**
 * Checks a data file while its bytes stream by, in constant memory: every crc, and that each frame continues the one
 * before. Of the last segment of a log it finds where the frames up to an index end.
 */
export class SegmentCheck {
  readonly #file: DataFile
  /** Of the last segment: index behind its last record that counts. */
  readonly #endIndex: number | undefined
  readonly #bodyEnd: number
  /** The head of the part in hand, which may come in pieces. */
  readonly #head = Buffer.alloc(segmentHeaderBytes)
  #headBytes = 0
  #part: Part = 'header'
  /** Byte offset in the file of what comes next. */
  #offset = 0
  #unitStart = 0
  /** Bytes of the unit that are still to come, behind its head. */
  #unitBytesLeft = 0
  #unitCrc = 0
  #position: LogPosition

  /** `file` stays as it is. With `endIndex` the check ends behind the frame before that index. */
  constructor(file: DataFile, endIndex?: number) {
    this.#file = file
    this.#endIndex = endIndex
    this.#bodyEnd = file.bytes - (file.state === 'sealed' ? segmentFooterBytes : 0)
    this.#position = file.start
  }

  /** Where the history stands behind what was checked. */
  get position(): LogPosition {
    return this.#position
  }

  /** Takes the bytes that follow. Returns how many of them belong to the file. Throws KV_CORRUPT_STORE. */
  add(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && this.#part !== 'end') {
      const from = at
      if (this.#unitBytesLeft > 0) {
        at = Math.min(bytes.length, at + this.#unitBytesLeft)
        this.#unitCrc = crc32(bytes, from, at, this.#unitCrc)
        this.#unitBytesLeft -= at - from
        this.#offset += at - from
        if (this.#unitBytesLeft === 0) this.#endUnit()
      } else {
        at = Math.min(bytes.length, at + this.#headBytesMax() - this.#headBytes)
        bytes.copy(this.#head, this.#headBytes, from, at)
        this.#headBytes += at - from
        this.#offset += at - from
        if (this.#headBytes === this.#headBytesMax()) this.#endHead()
      }
    }
    return at
  }

  /** All bytes have been added. Throws KV_CORRUPT_STORE when there should be more of them. */
  finish(): void {
    if (this.#part !== 'end') throw this.#damage(`it ends at byte ${this.#offset}`)
  }

  #headBytesMax(): number {
    if (this.#part !== 'unit') return segmentHeaderBytes
    return this.#isLog ? frameHeaderBytes : recordHeaderBytes
  }

  get #isLog(): boolean {
    return this.#file.kind === segmentKind.log
  }

  #endHead(): void {
    this.#headBytes = 0
    switch (this.#part) {
      case 'header':
        this.#checkHeader()
        return this.#beginPart()
      case 'unit':
        return this.#beginUnit()
      case 'footer':
        this.#checkFooter()
        this.#part = 'end'
        return
      case 'end':
    }
  }

  /** What follows a header or a unit. */
  #beginPart(): void {
    if (this.#endIndex !== undefined) {
      if (this.#position.index > this.#endIndex) throw this.#badUnit()
      this.#part = this.#position.index === this.#endIndex ? 'end' : 'unit'
      return
    }
    if (this.#offset < this.#bodyEnd) {
      this.#part = 'unit'
      return
    }
    this.#checkEnd()
    this.#part = this.#file.state === 'sealed' ? 'footer' : 'end'
  }

  #checkHeader(): void {
    const { kind, id, start } = this.#file
    const header = decodeSegmentHeader(this.#head)
    const isOwn =
      header?.kind === kind &&
      header.chainBefore === start.chain &&
      header.firstIndex === (this.#isLog ? id : 0)
    if (!isOwn) throw this.#damage('a bad header')
  }

  #beginUnit(): void {
    const head = this.#head
    const headBytes = this.#headBytesMax()
    this.#unitStart = this.#offset - headBytes
    const length = this.#isLog ? this.#frameBytes() : recordBytesOf(head)
    if (length < headBytes || this.#unitStart + length > this.#bodyEnd) throw this.#badUnit()
    this.#unitCrc = crc32(head, 4, headBytes)
    this.#unitBytesLeft = length - headBytes
    if (this.#unitBytesLeft === 0) this.#endUnit()
  }

  /** The length that a frame's head claims; 0 when it does not continue the frame before. */
  #frameBytes(): number {
    const head = this.#head
    const { index, term, chain } = this.#position
    const continues =
      head[12] === formatVersion &&
      head.readUInt32LE(8) === chain &&
      head.readUInt16LE(14) > 0 &&
      readU64(head, 16) === index &&
      readU64(head, 24) >= term
    return continues ? head.readUInt32LE(4) : 0
  }

  #endUnit(): void {
    const head = this.#head
    const crc = head.readUInt32LE(0)
    if (crc !== this.#unitCrc) throw this.#badUnit()
    const chain = chainAfter(this.#position.chain, crc)
    this.#position = this.#isLog
      ? { index: this.#position.index + head.readUInt16LE(14), term: readU64(head, 24), chain }
      : { ...this.#position, chain }
    this.#beginPart()
  }

  #checkEnd(): void {
    const { index, chain } = this.#position
    if (!this.#isLog) return
    if (index !== this.#file.highestIndex + 1 || chain !== this.#file.chainAfter) {
      throw this.#damage(`its frames end at version ${index - 1} and not as it should`)
    }
  }

  #checkFooter(): void {
    const footer = decodeSegmentFooter(this.#head)
    const isOwn =
      footer?.chainAfter === this.#position.chain && footerCrc(this.#head) === this.#file.footerCrc
    if (!isOwn) throw this.#damage('a bad footer')
  }

  #badUnit(): Error {
    return this.#damage(`a bad ${this.#isLog ? 'frame' : 'record'} at byte ${this.#unitStart}`)
  }

  #damage(damage: string): Error {
    return corruptStore(this.#file.path, damage)
  }
}

function recordBytesOf(head: Buffer): number {
  const expiry = head[5] === 1 ? expiryBytes : 0
  return recordHeaderBytes + expiry + head.readUInt16LE(6) + head.readUInt32LE(8)
}
