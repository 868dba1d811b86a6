import { crc32 } from './crc32.ts'
import { hintFileName, temporarySuffix } from './file-names.ts'
import type { FileSystem, WritableFile } from './file-system/file-system.ts'
import { writeFully } from './file-system/transfer.ts'
import {
  encodeHintEntry,
  encodeHintHeader,
  type HintEntry,
  hintEntryBytesMax,
  hintHeaderBytes,
} from './hint.ts'
import { removeIfThere } from './small-file.ts'

/** Entries gathered before they are written. Holds the longest one. */
const bufferBytes = 256 * 1024
/** The file is synced each time it has grown by so much, so that no sync of the log waits behind all of it. */
const syncBytes = 4 * 1024 * 1024

/**
 * Writes the hint of one file, entry by entry in key order, in constant memory: under a temporary name, which
 * becomes the right one when it is complete.
 */
export class HintWriter {
  readonly #fileSystem: FileSystem
  readonly #folder: string
  readonly #name: string
  readonly #file: WritableFile
  readonly #buffer: Buffer = Buffer.allocUnsafeSlow(bufferBytes)
  #bufferedBytes = 0
  #writtenBytes = hintHeaderBytes
  #unsyncedBytes = 0
  #entries = 0
  #crc = 0

  private constructor(fileSystem: FileSystem, folder: string, name: string, file: WritableFile) {
    this.#fileSystem = fileSystem
    this.#folder = folder
    this.#name = name
    this.#file = file
  }

  /** Of the file `id` in `folder`. */
  static async create(fileSystem: FileSystem, folder: string, id: number): Promise<HintWriter> {
    const name = hintFileName(id)
    const path = `${folder}/${name}${temporarySuffix}`
    await removeIfThere(fileSystem, path)
    return new HintWriter(fileSystem, folder, name, await fileSystem.createFile(path))
  }

  /** A promise when something must be written before the next. */
  add(entry: HintEntry): Promise<void> | undefined {
    this.#bufferedBytes = encodeHintEntry(this.#buffer, this.#bufferedBytes, entry)
    this.#entries++
    const isFull = this.#bufferedBytes + hintEntryBytesMax > bufferBytes
    return isFull ? this.#flush() : undefined
  }

  /** Completes the hint of the file whose footer has `footerCrc`. It is durable once this resolves. */
  async finish(footerCrc: number): Promise<void> {
    try {
      await this.#flush()
      const header = { footerCrc, entries: this.#entries, entriesCrc: this.#crc }
      await writeFully(this.#file, encodeHintHeader(header), 0)
      await this.#file.sync()
    } finally {
      await this.#file.close()
    }
    const path = `${this.#folder}/${this.#name}`
    await this.#fileSystem.rename(path + temporarySuffix, path)
    await this.#fileSystem.syncDirectory(this.#folder)
  }

  /** Gives the descriptor back. The temporary file stays; whoever tries again or opens the store removes it. */
  async abandon(): Promise<void> {
    await this.#file.close()
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#bufferedBytes)
    this.#crc = crc32(bytes, 0, bytes.length, this.#crc)
    await writeFully(this.#file, bytes, this.#writtenBytes)
    this.#writtenBytes += bytes.length
    this.#unsyncedBytes += bytes.length
    this.#bufferedBytes = 0
    if (this.#unsyncedBytes < syncBytes) return
    this.#unsyncedBytes = 0
    await this.#file.sync()
  }
}
