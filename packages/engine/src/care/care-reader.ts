import { crc32 } from '../crc32.ts'
import { systemErrorCode } from '../errors.ts'
import type { ReadableFile } from '../file-system/file-system.ts'
import { readFully } from '../file-system/transfer.ts'
import type { Pace } from './pace.ts'

const windowBytesMax = 1024 * 1024
/** Summed in one go, some 0.1 ms. */
const sliceBytes = 256 * 1024
/** What a disk loses at once as a rule. */
const blockBytes = 4096

/** A stretch that the disk does not give. */
export interface UnreadableBlock {
  readonly offset: number
  /** Of the system's error. */
  readonly code: string
}

/**
 * Reads a file that may be damaged, in constant memory and at a pace. Blocks that the disk cannot read are zeros, and
 * noted: whoever looks for damage finds it there.
 */
export class CareReader {
  readonly #file: ReadableFile
  readonly #pace: Pace
  readonly #window: Buffer
  #start = 0
  #length = 0
  /** Of the whole file. */
  readonly bytes: number
  /** The first one. */
  unreadable: UnreadableBlock | undefined

  constructor(file: ReadableFile, bytes: number, pace: Pace) {
    this.#file = file
    this.bytes = bytes
    this.#pace = pace
    this.#window = Buffer.alloc(Math.max(1, Math.min(windowBytesMax, bytes)))
  }

  /** The most that one view shows. */
  get viewBytesMax(): number {
    return this.#window.length
  }

  /** The `length` bytes from `position`, or as many as there are, if they are at hand. Good until the next call. */
  viewNow(position: number, length: number): Buffer | undefined {
    const from = position - this.#start
    const to = Math.min(position + length, this.bytes) - this.#start
    return from >= 0 && to <= this.#length && from <= to
      ? this.#window.subarray(from, to)
      : undefined
  }

  /** As {@link viewNow}, after a read where one is needed. */
  async view(position: number, length: number): Promise<Buffer> {
    const held = this.viewNow(position, length)
    if (held !== undefined) return held
    await this.#fill(position)
    return this.#window.subarray(0, Math.min(length, this.#length))
  }

  /** The CRC of bytes [from, to), in slices; undefined when they reach beyond the end. */
  async crc(from: number, to: number): Promise<number | undefined> {
    if (to > this.bytes) return undefined
    let crc = 0
    for (let at = from; at < to; ) {
      const length = Math.min(sliceBytes, to - at)
      const bytes = this.viewNow(at, length) ?? (await this.view(at, length))
      if (bytes.length === 0) return undefined
      crc = crc32(bytes, 0, bytes.length, crc)
      at += bytes.length
      const wait = this.#pace.checkpoint()
      if (wait !== undefined) await wait
    }
    return crc
  }

  async #fill(position: number): Promise<void> {
    const target = this.#window.subarray(
      0,
      Math.max(0, Math.min(this.#window.length, this.bytes - position)),
    )
    this.#start = position
    this.#length = 0
    try {
      this.#length = await readFully(this.#file, target, position)
    } catch (error) {
      if (systemErrorCode(error) !== 'EIO') throw error
      await this.#fillBlockwise(target, position)
      this.#length = target.length
    }
    await this.#pace.spend(this.#length)
  }

  /** What can be read of `target`; the rest of it is zero. */
  async #fillBlockwise(target: Buffer, position: number): Promise<void> {
    for (let at = 0; at < target.length; ) {
      const end = Math.min(target.length, at + blockBytes - ((position + at) % blockBytes))
      const block = target.subarray(at, end)
      try {
        const count = await readFully(this.#file, block, position + at)
        block.fill(0, count)
      } catch (error) {
        const code = systemErrorCode(error)
        if (code !== 'EIO') throw error
        block.fill(0)
        this.unreadable ??= { offset: position + at, code }
      }
      at = end
    }
  }
}
