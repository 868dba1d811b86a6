import { chainAfter } from '../crc32.ts'
import { mergeDirectoryName, segmentFileName } from '../file-names.ts'
import type { FileSystem, WritableFile } from '../file-system/file-system.ts'
import { writeFully } from '../file-system/transfer.ts'
import { writeHint } from '../hint-file.ts'
import { type HintImage, HintImageEncoder } from '../hint-image.ts'
import type { ManifestFile } from '../manifest.ts'
import type { RecordView } from '../record.ts'
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

/** Writes live records, which come in key order, into new files. Nothing counts before MANIFEST names them. */
export class OutputWriter {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #outputs: ManifestFile[] = []
  #nextId: number
  #open: OpenOutput | undefined

  constructor(
    fileSystem: FileSystem,
    dataDirectory: string,
    segmentBytes: number,
    firstId: number,
  ) {
    this.#fileSystem = fileSystem
    this.#directory = `${dataDirectory}/${mergeDirectoryName}`
    this.#segmentBytes = segmentBytes
    this.#nextId = firstId
  }

  /** Adds a record, whose bytes are kept until they are written. A promise when something must be written first. */
  add(record: RecordView): Promise<void> | undefined {
    if (this.#open === undefined) return this.#createOutput().then(() => this.add(record))
    const pending = this.#open.add(record)
    if (this.#open.bytes < this.#segmentBytes) return pending
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
    this.#open = undefined
  }

  async #createOutput(): Promise<void> {
    const id = this.#nextId++
    const handle = await this.#fileSystem.createFile(`${this.#directory}/${segmentFileName(id)}`)
    this.#open = new OpenOutput(id, handle)
  }

  async #finishOutput(): Promise<void> {
    if (this.#open === undefined) return
    const { named, image } = await this.#open.finish()
    await this.#open.handle.close()
    this.#open = undefined
    this.#outputs.push(named)
    await writeHint(this.#fileSystem, this.#directory, named.id, image, named.footerCrc)
  }
}

class OpenOutput {
  readonly id: number
  readonly handle: WritableFile
  readonly #hint = new HintImageEncoder()
  #buffered: Buffer[] = [
    encodeSegmentHeader({ kind: segmentKind.merge, chainBefore: 0, firstIndex: 0 }),
  ]
  #bufferedBytes = segmentHeaderBytes
  #writtenBytes = 0
  #records = 0
  #chain = 0
  #lowestIndex = Number.POSITIVE_INFINITY
  #highestIndex = 0
  #lowestKey: Buffer | undefined
  #highestKey: Buffer = Buffer.alloc(0)

  constructor(id: number, handle: WritableFile) {
    this.id = id
    this.handle = handle
  }

  /** Bytes so far, without the footer. */
  get bytes(): number {
    return this.#writtenBytes + this.#bufferedBytes
  }

  add(record: RecordView): Promise<void> | undefined {
    const { bytes } = record
    const { kind, key, size, index, expiresAt } = record
    this.#hint.add({ kind, key, offset: this.bytes, size, index, expiresAt })
    this.#chain = chainAfter(this.#chain, record.crc)
    this.#records++
    this.#lowestIndex = Math.min(this.#lowestIndex, index)
    this.#highestIndex = Math.max(this.#highestIndex, index)
    this.#lowestKey ??= Buffer.from(key)
    this.#highestKey = key
    this.#buffered.push(bytes)
    this.#bufferedBytes += bytes.length
    return this.#bufferedBytes >= bufferBytes ? this.#flush() : undefined
  }

  async finish(): Promise<{ named: ManifestFile; image: HintImage }> {
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
    const named = {
      ...content,
      id: this.id,
      bytes: this.#writtenBytes,
      lowestKey: this.#lowestKey ?? Buffer.alloc(0),
      highestKey: Buffer.from(this.#highestKey),
      footerCrc: footerCrc(footer),
    }
    return { named, image: this.#hint.finish() }
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.concat(this.#buffered)
    await writeFully(this.handle, bytes, this.#writtenBytes)
    this.#writtenBytes += bytes.length
    this.#buffered = []
    this.#bufferedBytes = 0
  }
}
