import { basename } from 'node:path'
import {
  keydirImageFileName,
  logDirectoryName,
  manifestFileName,
  marksFileName,
  mergeDirectoryName,
  nodeFileName,
} from '../file-names.ts'
import type { ReadableFile } from '../file-system/file-system.ts'
import { frameHeaderBytes, frameKind } from '../frame.ts'
import { decodeHintHeader, HintEntryView, hintEntryBytesMax, hintHeaderBytes } from '../hint.ts'
import { readImageMeta } from '../keydir-image-file.ts'
import { decodeManifest } from '../manifest.ts'
import { lastMark, type Mark, markBytes, markSlots, marksIn } from '../mark.ts'
import { decodeNodeFile } from '../node-file.ts'
import { neverExpires, type RecordView, recordKind } from '../record.ts'
import {
  decodeSegmentFooter,
  decodeSegmentHeader,
  type SegmentFooter,
  type SegmentHeader,
  segmentFooterBytes,
  segmentHeaderBytes,
  segmentKind,
} from '../segment.ts'
import type { CareReader } from './care-reader.ts'
import { readFrameHead } from './frame-head.ts'
import {
  dateText,
  escapedBytes,
  escapedValue,
  type Inspection,
  valueBytesShown,
} from './inspection.ts'
import { LogWalk } from './log-walk.ts'
import { OutputWalk } from './output-walk.ts'
import type { Pace } from './pace.ts'
import { preparedSpaceFrom } from './prepared-space-from.ts'

/** Files that are read as a whole are no longer than this. */
const smallFileBytesMax = 256 * 1024 * 1024

type Add = (
  offset: number,
  what: string,
  fields: Inspection['fields'],
  isDamage?: boolean,
) => Promise<void> | undefined

const kindNames: Readonly<Record<number, string>> = { 1: 'put', 2: 'tombstone', 3: 'session' }
const frameKindNames: Readonly<Record<number, string>> = {
  [frameKind.data]: 'data',
  [frameKind.noOp]: 'no-op',
  [frameKind.membership]: 'membership',
  [frameKind.stateCheck]: 'state check',
}

/** Prints one file: as what its first bytes say it is, else as what its name says. */
export class FileInspector {
  readonly #path: string
  readonly #file: ReadableFile
  readonly #reader: CareReader
  readonly #pace: Pace
  readonly #values: boolean
  readonly #add: Add

  constructor(
    path: string,
    file: ReadableFile,
    reader: CareReader,
    pace: Pace,
    values: boolean,
    add: Add,
  ) {
    this.#path = path
    this.#file = file
    this.#reader = reader
    this.#pace = pace
    this.#values = values
    this.#add = add
  }

  async run(): Promise<void> {
    const name = basename(this.#path)
    const magic = (await this.#reader.view(0, 8)).toString('latin1')
    if (name === nodeFileName) await this.#inspectNode()
    else if (name === manifestFileName) await this.#inspectManifest()
    else if (name === marksFileName) await this.#inspectMarks()
    else if (name === keydirImageFileName) await this.#inspectImage()
    else if (magic === 'KVHINTS\0' || name.endsWith('.hint')) await this.#inspectHint()
    else if (name.endsWith('.cut')) await this.#inspectCut()
    else if (magic === 'KVSEGMNT' || name.endsWith('.data')) await this.#inspectSegment()
    else await this.#add(0, 'a file that is none of the store', { bytes: this.#reader.bytes })
  }

  async #inspectNode(): Promise<void> {
    const identity = decodeNodeFile(await this.#whole())
    if (identity === undefined) await this.#damage(0, 'unreadable')
    else {
      const { formatVersion, clusterId, nodeId, storeId } = identity
      const ids = { clusterId, nodeId, storeId }
      const texts = Object.entries(ids).map(([name, id]) => [name, escapedBytes(Buffer.from(id))])
      await this.#add(0, 'node', { formatVersion, ...Object.fromEntries(texts) })
    }
  }

  async #inspectManifest(): Promise<void> {
    const manifest = decodeManifest(await this.#whole())
    if (manifest === undefined) {
      await this.#damage(0, 'unreadable')
      return
    }
    const { formatVersion, logStart, mergedAt, nextId, files } = manifest
    const { index, term, chain } = logStart
    await this.#add(0, 'manifest', {
      formatVersion,
      files: files.length,
      mergedAt,
      nextId,
      logStart: index,
      logStartTerm: term,
      logStartChain: hex(chain),
    })
    for (const { id, bytes, records, lowestIndex, highestIndex, ...file } of files) {
      await this.#add(0, 'merge output', {
        id,
        bytes,
        records,
        lowestIndex,
        highestIndex,
        footerCrc: hex(file.footerCrc),
        lowestKey: escapedBytes(file.lowestKey),
        highestKey: escapedBytes(file.highestKey),
      })
    }
  }

  async #inspectMarks(): Promise<void> {
    const content = await this.#whole()
    if (content.length !== markSlots * markBytes) {
      await this.#damage(
        content.length,
        `${content.length} bytes long instead of ${markSlots * markBytes}`,
      )
    }
    const last = lastMark(content)
    const good = new Map<number, Mark>(marksIn(content).map((mark) => [mark.at, mark]))
    for (let at = 0; at + markBytes <= content.length; at += markBytes) {
      const mark = good.get(at)
      if (mark !== undefined) {
        const { seq, index, term, commit, segment, offset, chain } = mark
        const fields = { seq, index, term, commit, segment, offset, chain: hex(chain) }
        await this.#add(at, mark.seq === last?.seq ? 'mark (the last)' : 'mark', fields)
      } else if (content.subarray(at, at + markBytes).some((byte) => byte !== 0)) {
        await this.#damage(at, 'a bad mark')
      }
    }
    if (last === undefined) await this.#damage(0, 'no valid mark')
  }

  async #inspectImage(): Promise<void> {
    const meta = await readImageMeta(this.#file).catch(() => undefined)
    if (meta === undefined) {
      await this.#damage(0, 'damaged, or of another program version')
      return
    }
    const { manifestCrc, logEnd } = meta.basis
    await this.#add(0, 'keydir image', {
      keys: meta.keydir.keys,
      expiring: meta.keydir.expiring,
      parts: meta.parts.length,
      manifestCrc: hex(manifestCrc),
      logEnd: logEnd.index,
      logEndChain: hex(logEnd.chain),
    })
    let at = 0
    for (const { words, capacity, crc } of meta.parts) {
      const isGood = (await this.#reader.crc(at, at + words * 4)) === crc
      await this.#add(at, isGood ? 'part' : 'a bad part', { words, capacity }, !isGood)
      at += words * 4
    }
    for (const { slot, path, liveBytes, liveRecords } of meta.files) {
      const fields = { slot, path: escapedBytes(Buffer.from(path)), liveBytes, liveRecords }
      await this.#add(at, 'file', fields)
    }
  }

  async #inspectHint(): Promise<void> {
    const reader = this.#reader
    const header = decodeHintHeader(Buffer.from(await reader.view(0, hintHeaderBytes)))
    if (header === undefined) await this.#damage(0, 'a bad header')
    else {
      const { entries, footerCrc } = header
      await this.#add(0, 'hint', { entries, footerCrc: hex(footerCrc) })
      const isGood = (await reader.crc(hintHeaderBytes, reader.bytes)) === header.entriesCrc
      if (!isGood) await this.#damage(hintHeaderBytes, 'a bad checksum of the entries')
    }
    const entry = new HintEntryView()
    for (let at = hintHeaderBytes; at < reader.bytes; ) {
      const bytes = await reader.view(at, hintEntryBytesMax)
      const length = entry.read(bytes, 0, bytes.length)
      if (length === -1) {
        await this.#damage(at, 'an entry that does not end')
        return
      }
      const { kind, offset, size, index, expiresAt, key } = entry
      await this.#add(at, `entry ${kindNames[kind] ?? 'of an unknown kind'}`, {
        key: escapedBytes(key),
        version: index,
        at: offset,
        size,
        ...(expiresAt === neverExpires ? {} : { expiresAt: dateText(expiresAt) }),
      })
      at += length
      const turn = this.#pace.checkpoint()
      if (turn !== undefined) await turn
    }
  }

  /** What was cut off a log: frames from the first byte on, as far as they are good. */
  async #inspectCut(): Promise<void> {
    await this.#add(0, 'what was cut off a log', { bytes: this.#reader.bytes })
    const head = readFrameHead(await this.#reader.view(0, frameHeaderBytes), 0, this.#reader.bytes)
    await this.#walkLog(0, { index: head?.firstIndex ?? 1, chain: undefined }, undefined)
  }

  async #inspectSegment(): Promise<void> {
    const reader = this.#reader
    const header = decodeSegmentHeader(Buffer.from(await reader.view(0, segmentHeaderBytes)))
    const footerAt = reader.bytes - segmentFooterBytes
    const encoded =
      footerAt < segmentHeaderBytes
        ? Buffer.alloc(0)
        : await reader.view(footerAt, segmentFooterBytes)
    const footer = decodeSegmentFooter(Buffer.from(encoded))
    const found =
      footer?.bytes === footerAt - segmentHeaderBytes ? { footer, at: footerAt } : undefined
    await this.#addHeader(header)
    const kind = header?.kind ?? found?.footer.kind ?? this.#kindByName()
    if (kind === segmentKind.log) {
      const head = readFrameHead(
        await reader.view(segmentHeaderBytes, frameHeaderBytes),
        0,
        reader.bytes,
      )
      const index = header?.firstIndex ?? found?.footer.lowestIndex ?? head?.firstIndex ?? 1
      await this.#walkLog(segmentHeaderBytes, { index, chain: header?.chainBefore }, found)
    } else await this.#walkOutput(found)
    await this.#addFooter(found)
  }

  #kindByName(): number {
    return this.#path.startsWith(`${mergeDirectoryName}/`) ? segmentKind.merge : segmentKind.log
  }

  async #addHeader(header: SegmentHeader | undefined): Promise<void> {
    if (header === undefined) {
      await this.#damage(0, 'a bad header')
      return
    }
    const { kind, chainBefore, firstIndex } = header
    if (kind === segmentKind.merge) await this.#add(0, 'merge output', {})
    else
      await this.#add(0, `${logDirectoryName} segment`, {
        firstIndex,
        chainBefore: hex(chainBefore),
      })
  }

  async #addFooter(found: FoundFooter | undefined): Promise<void> {
    if (found === undefined) return
    const { chainAfter, lowestIndex, highestIndex, records, bytes } = found.footer
    const fields = { lowestIndex, highestIndex, records, bytes, chainAfter: hex(chainAfter) }
    await this.#add(found.at, 'footer', fields)
  }

  async #walkLog(
    from: number,
    start: { readonly index: number; readonly chain: number | undefined },
    found: FoundFooter | undefined,
  ): Promise<void> {
    const noFrom = Number.POSITIVE_INFINITY
    const preparedFrom = found === undefined ? await preparedSpaceFrom(this.#reader) : noFrom
    const walk = new LogWalk(
      this.#reader,
      this.#pace,
      {
        from,
        to: found?.at ?? this.#reader.bytes,
        start: { ...start, term: 0 },
        nextIndex: found === undefined ? undefined : found.footer.highestIndex + 1,
        anchors: new Map(),
        endChain: found?.footer.chainAfter,
      },
      {
        frame: ({ kind, recordCount, firstIndex, term, timestamp, length, chainBefore }, offset) =>
          this.#add(offset, 'frame', {
            kind: frameKindNames[kind] ?? kind,
            records: recordCount,
            firstIndex,
            term,
            bytes: length,
            chainBefore: hex(chainBefore),
            at: dateText(timestamp),
          }),
        record: (record, offset) => this.#addRecord('record', record, offset),
        doubtful: (record, offset) => this.#addRecord('doubtful record', record, offset),
        damage: ({ from, to, what, firstIndex, nextIndex }) => {
          if (from >= preparedFrom) {
            // Which of the two, the other files tell: `verify` looks at them.
            void this.#add(from, 'zeros: prepared space, or damage', { to })
            return true
          }
          const versions = nextIndex === undefined ? {} : { nextVersion: nextIndex }
          // Whatever comes next waits for room.
          void this.#damage(from, what, { to, firstVersion: firstIndex, ...versions })
          return true
        },
      },
    )
    await walk.run()
  }

  async #walkOutput(found: FoundFooter | undefined): Promise<void> {
    const walk = new OutputWalk(
      this.#reader,
      this.#pace,
      {
        from: segmentHeaderBytes,
        to: Math.max(segmentHeaderBytes, found?.at ?? this.#reader.bytes),
        chainAfter: found?.footer.chainAfter,
        lowestIndex: 1,
        highestIndex: Number.MAX_SAFE_INTEGER,
      },
      {
        record: (record, offset) => this.#addRecord('record', record, offset),
        doubtful: (record, offset) => this.#addRecord('doubtful record', record, offset),
        damage: (from, to) => {
          void this.#damage(from, 'a bad record', { to })
        },
      },
    )
    await walk.run()
  }

  #addRecord(what: string, record: RecordView, offset: number): Promise<void> | undefined {
    const { kind, index, timestamp, expiresAt, key, size } = record
    const valueAt = record.valueStart - record.start
    const valueBytes = size - valueAt
    const fields = {
      kind: kindNames[kind] ?? kind,
      key: escapedBytes(key),
      version: index,
      at: dateText(timestamp),
      bytes: size,
      valueBytes,
      ...(expiresAt === neverExpires ? {} : { expiresAt: dateText(expiresAt) }),
    }
    if (!this.#values || kind !== recordKind.put) return this.#add(offset, what, fields)
    return this.#addWithValue(what, fields, offset, valueAt, valueBytes)
  }

  async #addWithValue(
    what: string,
    fields: Inspection['fields'],
    offset: number,
    valueAt: number,
    valueBytes: number,
  ): Promise<void> {
    const length = Math.min(valueBytes, valueBytesShown)
    const value = await this.#reader.view(offset + valueAt, length)
    await this.#add(offset, what, { ...fields, value: escapedValue(value, valueBytes) })
  }

  #damage(
    offset: number,
    what: string,
    fields: Inspection['fields'] = {},
  ): Promise<void> | undefined {
    return this.#add(offset, what, fields, true)
  }

  /** Of a file that is read as a whole; of one that is far too long, the start. */
  async #whole(): Promise<Buffer> {
    const { bytes } = this.#reader
    const parts: Buffer[] = []
    for (let at = 0; at < Math.min(bytes, smallFileBytesMax); ) {
      const part = Buffer.from(await this.#reader.view(at, this.#reader.viewBytesMax))
      if (part.length === 0) break
      parts.push(part)
      at += part.length
    }
    return Buffer.concat(parts)
  }
}

interface FoundFooter {
  readonly footer: SegmentFooter
  readonly at: number
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0')
}
