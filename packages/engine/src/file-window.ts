import type { ReadableFile } from './file-system/file-system.ts'
import { readFully } from './file-system/transfer.ts'

const windowBytesDefault = 1024 * 1024

/**
 * A window that slides forward over a file, for walking it in constant memory. It grows only for a single
 * view longer than itself, and never beyond what the file holds.
 */
export class FileWindow {
  readonly #file: ReadableFile
  readonly #fileBytes: number
  #buffer: Buffer
  #start = 0
  #length = 0

  /** Views nothing at or behind byte `fileBytes`. */
  constructor(file: ReadableFile, fileBytes: number, windowBytes: number = windowBytesDefault) {
    this.#file = file
    this.#fileBytes = fileBytes
    this.#buffer = Buffer.alloc(Math.min(windowBytes, Math.max(fileBytes, 1)))
  }

  /** What the window holds. */
  get bytes(): Buffer {
    return this.#buffer
  }

  /** Where byte `position` of the file stands in `bytes`, or -1. */
  placeOf(position: number): number {
    const place = position - this.#start
    return place >= 0 && place < this.#length ? place : -1
  }

  /** Where `bytes` ends to be the file's. */
  get end(): number {
    return this.#length
  }

  /** As {@link view}, when the window holds those bytes already; else undefined. */
  viewNow(position: number, length: number): Buffer | undefined {
    const from = position - this.#start
    const wanted = Math.min(length, this.#fileBytes - position)
    return from >= 0 && from + wanted <= this.#length
      ? this.#buffer.subarray(from, from + wanted)
      : undefined
  }

  /** The `length` bytes from `position`, or as many as there are. Good until the next call. */
  async view(position: number, length: number): Promise<Buffer> {
    const held = this.viewNow(position, length)
    if (held !== undefined) return held
    const wanted = Math.min(length, this.#fileBytes - position)
    if (wanted > this.#buffer.length) this.#buffer = Buffer.alloc(wanted)
    const target = this.#buffer.subarray(
      0,
      Math.min(this.#buffer.length, this.#fileBytes - position),
    )
    this.#start = position
    this.#length = 0
    this.#length = await readFully(this.#file, target, position)
    return this.#buffer.subarray(0, Math.min(wanted, this.#length))
  }
}
