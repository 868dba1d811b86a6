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
    if (this.#window === undefined) return this.#stepIn(this.#image, this.#next)
    const held = this.#window.viewNow(this.#next, hintEntryBytesMax)
    return held === undefined ? this.#advanceAfterRead(this.#window) : this.#stepIn(held, 0)
  }

  async close(): Promise<void> {
    await this.#file?.close()
  }

  async #advanceAfterRead(window: FileWindow): Promise<boolean> {
    return this.#stepIn(await window.view(this.#next, hintEntryBytesMax), 0)
  }

  #stepIn(bytes: Buffer, at: number): boolean {
    const end = this.entry.read(bytes, at, bytes.length)
    if (end === -1) throw new Error('a hint whose CRC is right ends inside an entry')
    this.#next += end - at
    return true
  }
}
