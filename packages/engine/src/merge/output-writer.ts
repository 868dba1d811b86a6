import { chainAfter } from '../crc32.ts'
import { mergeDirectoryName, segmentFileName } from '../file-names.ts'
import type { FileSystem, WritableFile } from '../file-system/file-system.ts'
import { writeFully } from '../file-system/transfer.ts'
import { HintWriter } from '../hint-writer.ts'
import type { ManifestFile } from '../manifest.ts'
import { type RecordView, recordKind } from '../record.ts'
import {
  encodeSegmentFooter,
  encodeSegmentHeader,
  footerCrc,
  segmentFooterBytes,
  segmentHeaderBytes,
  segmentKind,
} from '../segment.ts'

/** Record bytes gathered before they are written. */
const bufferBytes = 256 * 1024
/**
 * An output is synced each time it has grown by so much: with more to write back at once, a file system keeps the
 * sync of the log waiting behind it.
 */
const syncBytes = 4 * 1024 * 1024

/** Writes live records, which come in key order, into new files. Nothing counts before MANIFEST names them. */
export class OutputWriter {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #outputBytes: number
  readonly #outputs: ManifestFile[] = []
  #nextId: number
  #open: OpenOutput | undefined

  constructor(fileSystem: FileSystem, dataDirectory: string, outputBytes: number, firstId: number) {
    this.#fileSystem = fileSystem
    this.#directory = `${dataDirectory}/${mergeDirectoryName}`
    this.#outputBytes = outputBytes
    this.#nextId = firstId
  }

  /** Adds a record, whose bytes are kept until they are written. A promise when something must be written first. */
  add(record: RecordView): Promise<void> | undefined {
    if (this.#open === undefined) return this.#createOutput().then(() => this.add(record))
    const pending = this.#open.add(record)
    if (this.#open.bytes < this.#outputBytes) return pending
    return pending === undefined ? this.#finishOutput() : pending.then(() => this.#finishOutput())
  }

  /** Completes the last output. All of them, and their names, are durable once this resolves. */
  async finish(): Promise<readonly ManifestFile[]> {
    await this.#finishOutput()
    await this.#fileSystem.syncDirectory(this.#directory)
    return this.#outputs
  }

  /** Closes what is open. */
  async abandon(): Promise<void> {
    await this.#open?.handle.close().catch(() => undefined)
    await this.#open?.hint.abandon().catch(() => undefined)
    this.#open = undefined
  }

  async #createOutput(): Promise<void> {
    const id = this.#nextId++
    const handle = await this.#fileSystem.createFile(`${this.#directory}/${segmentFileName(id)}`)
    try {
      const hint = await HintWriter.create(this.#fileSystem, this.#directory, id)
      this.#open = new OpenOutput(id, handle, hint)
    } catch (error) {
      await handle.close().catch(() => undefined)
      throw error
    }
  }

  async #finishOutput(): Promise<void> {
    if (this.#open === undefined) return
    const { handle, hint } = this.#open
    const named = await this.#open.finish()
    await handle.close()
    this.#open = undefined
    this.#outputs.push(named)
    await hint.finish(named.footerCrc)
  }
}

class OpenOutput {
  readonly id: number
  readonly handle: WritableFile
  readonly hint: HintWriter
  #buffered: Buffer[] = [
    encodeSegmentHeader({ kind: segmentKind.merge, chainBefore: 0, firstIndex: 0 }),
  ]
  #bufferedBytes = segmentHeaderBytes
  #writtenBytes = 0
  #unsyncedBytes = 0
  #records = 0
  #tombstoneBytes = 0
  #chain = 0
  #lowestIndex = Number.POSITIVE_INFINITY
  #highestIndex = 0
  #lowestKey: Buffer | undefined
  #highestKey: Buffer = Buffer.alloc(0)

  constructor(id: number, handle: WritableFile, hint: HintWriter) {
    this.id = id
    this.handle = handle
    this.hint = hint
  }

  /** Bytes so far, without the footer. */
  get bytes(): number {
    return this.#writtenBytes + this.#bufferedBytes
  }

  add(record: RecordView): Promise<void> | undefined {
    const { bytes } = record
    const { kind, key, size, index, expiresAt } = record
    const hinted = this.hint.add({ kind, key, offset: this.bytes, size, index, expiresAt })
    this.#chain = chainAfter(this.#chain, record.crc)
    this.#records++
    if (kind === recordKind.tombstone) this.#tombstoneBytes += size
    this.#lowestIndex = Math.min(this.#lowestIndex, index)
    this.#highestIndex = Math.max(this.#highestIndex, index)
    this.#lowestKey ??= Buffer.from(key)
    this.#highestKey = key
    this.#buffered.push(bytes)
    this.#bufferedBytes += bytes.length
    if (this.#bufferedBytes < bufferBytes) return hinted
    return hinted === undefined ? this.#flush() : hinted.then(() => this.#flush())
  }

  async finish(): Promise<ManifestFile> {
    const content = {
      lowestIndex: this.#lowestIndex,
      highestIndex: this.#highestIndex,
      records: this.#records,
    }
    const footer = encodeSegmentFooter({
      ...content,
      kind: segmentKind.merge,
      chainAfter: this.#chain,
      bytes: this.bytes - segmentHeaderBytes,
    })
    this.#buffered.push(footer)
    this.#bufferedBytes += segmentFooterBytes
    await this.#flush()
    await this.handle.sync()
    return {
      ...content,
      id: this.id,
      bytes: this.#writtenBytes,
      tombstoneBytes: this.#tombstoneBytes,
      lowestKey: this.#lowestKey ?? Buffer.alloc(0),
      highestKey: Buffer.from(this.#highestKey),
      footerCrc: footerCrc(footer),
    }
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#buffered)
    await writeFully(this.handle, bytes, this.#writtenBytes)
    this.#writtenBytes += bytes.length
    this.#unsyncedBytes += bytes.length
    this.#buffered = []
    this.#bufferedBytes = 0
    if (this.#unsyncedBytes < syncBytes) return
    this.#unsyncedBytes = 0
    await this.handle.sync()
  }
}
