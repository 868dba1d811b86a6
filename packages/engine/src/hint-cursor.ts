import type { ReadableFile } from './file-system/file-system.ts'
import { FileWindow } from './file-window.ts'
import { HintEntryView, hintEntryBytesMax, hintHeaderBytes } from './hint.ts'
import type { OpenHint } from './hint-file.ts'
import type { HintImage } from './hint-image.ts'

const windowBytes = 256 * 1024

/** Walks the entries of one file's hint in key order, from a hint file or from an image in memory. */
export class HintCursor {
  /** Slot of the data file. */
  readonly slot: number
  /** The entry the cursor stands on, good until the cursor moves. */
  readonly entry: HintEntryView = new HintEntryView()
  readonly #window: FileWindow | undefined
  readonly #file: ReadableFile | undefined
  readonly #bytes: number
  readonly #image: Buffer
  #next: number

  private constructor(slot: number, hint: OpenHint | undefined, image: Buffer) {
    this.slot = slot
    this.#file = hint?.file
    this.#window =
      hint === undefined ? undefined : new FileWindow(hint.file, hint.fileBytes, windowBytes)
    this.#bytes = hint?.fileBytes ?? image.length
    this.#image = image
    this.#next = hint === undefined ? 0 : hintHeaderBytes
  }

  /** Over a hint file, which the cursor closes. */
  static overFile(slot: number, hint: OpenHint): HintCursor {
    return new HintCursor(slot, hint, Buffer.alloc(0))
  }

  static overImage(slot: number, image: HintImage): HintCursor {
    return HintCursor.overEntries(slot, image.entries)
  }

  /** Over the encoded entries of a hint. */
  static overEntries(slot: number, entries: Buffer): HintCursor {
    return new HintCursor(slot, undefined, entries)
  }

  /** Moves to the next entry. A promise when bytes must be read first. False at the end. */
  advance(): boolean | Promise<boolean> {
    if (this.#next >= this.#bytes) return false
    if (this.#window === undefined) return this.#stepInto(this.#image, this.#next)
    const place = this.#window.placeOf(this.#next)
    const isHeld = place !== -1 && this.#step(this.#window.bytes, place, this.#window.end)
    return isHeld || this.#advanceAfterRead(this.#window)
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  async #advanceAfterRead(window: FileWindow): Promise<boolean> {
    const bytes = await window.view(this.#next, hintEntryBytesMax)
    return this.#stepInto(bytes, 0)
  }

  #stepInto(bytes: Buffer, at: number): true {
    if (this.#step(bytes, at, bytes.length)) return true
    throw new Error('a hint whose CRC is right ends inside an entry')
  }

  /** False when the bytes do not hold the next entry whole. */
  #step(bytes: Buffer, at: number, limit: number): boolean {
    const end = this.entry.read(bytes, at, limit)
    if (end === -1) return false
    this.#next += end - at
    return true
  }
}
