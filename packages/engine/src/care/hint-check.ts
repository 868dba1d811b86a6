import type { ReadableFile } from '../file-system/file-system.ts'
import { decodeHintHeader, type HintEntry, type HintHeader, hintHeaderBytes } from '../hint.ts'
import { HintCursor } from '../hint-cursor.ts'
import { type CareContext, openOrCode, readWithCare } from './care-context.ts'
import type { CareReader } from './care-reader.ts'

/**
 * Holds a hint against its data file, entry by entry in key order. A hint that fails its checksums is done without. One
 * that passes and does not say what the file says is corruption: the next open would believe it.
 */
export class HintCheck {
  readonly #context: CareContext
  readonly #path: string
  readonly #file: ReadableFile
  readonly #cursor: HintCursor
  #isDifferent = false

  private constructor(context: CareContext, path: string, file: ReadableFile, cursor: HintCursor) {
    this.#context = context
    this.#path = path
    this.#file = file
    this.#cursor = cursor
  }

  /**
   * Of the hint at `path` of the file whose footer has `footerCrc`. Undefined when there is none that the next open would
   * use, which is noted.
   */
  static async open(
    context: CareContext,
    path: string,
    footerCrc: number | undefined,
    mayBeMissing: boolean,
  ): Promise<HintCheck | undefined> {
    const { fileSystem, directory, findings } = context
    const file = await openOrCode(fileSystem, `${directory}/${path}`)
    if (typeof file === 'string') {
      const what =
        file === 'ENOENT'
          ? 'missing: the next open scans the data file'
          : `it cannot be opened (${file})`
      if (file !== 'ENOENT' || !mayBeMissing) findings.add('shortcut', path, 0, what)
      return undefined
    }
    try {
      const bytes = await file.size()
      const header = await readWithCare(context, path, 'shortcut', file, bytes, (reader) =>
        readGoodHeader(reader),
      )
      if (header !== undefined && header.footerCrc === footerCrc) {
        const hint = { file, fileBytes: bytes, entries: header.entries }
        return new HintCheck(context, path, file, HintCursor.overFile(0, hint))
      }
      const what = header === undefined ? 'damaged' : 'the hint of another file'
      if (header === undefined || footerCrc !== undefined) {
        findings.add('shortcut', path, 0, `${what}: the next open scans the data file`)
      }
    } catch (error) {
      await file.close().catch(() => undefined)
      throw error
    }
    await file.close()
    return undefined
  }

  /** What the hint should say next. A promise when something must be read first. */
  expect(entry: HintEntry): Promise<void> | undefined {
    if (this.#isDifferent) return undefined
    const moved = this.#advance()
    if (typeof moved !== 'boolean') return moved.then((isThere) => this.#compare(isThere, entry))
    this.#compare(moved, entry)
    return undefined
  }

  /** The hint should say nothing more. */
  async finish(): Promise<void> {
    if (this.#isDifferent) return
    if (await this.#advance()) this.#differ('an entry more than the data file has keys')
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  #advance(): boolean | Promise<boolean> {
    try {
      const moved = this.#cursor.advance()
      return typeof moved === 'boolean' ? moved : moved.catch(() => this.#broken())
    } catch {
      return this.#broken()
    }
  }

  /** Its checksum is right, and still an entry has no end: or the disk does not give again what it gave before. */
  #broken(): boolean {
    this.#differ('an entry that cannot be read')
    return true
  }

  #compare(isThere: boolean, expected: HintEntry): void {
    if (this.#isDifferent) return
    const { entry } = this.#cursor
    const isEqual =
      isThere &&
      entry.kind === expected.kind &&
      entry.offset === expected.offset &&
      entry.size === expected.size &&
      entry.index === expected.index &&
      entry.expiresAt === expected.expiresAt &&
      entry.key.equals(expected.key)
    if (!isEqual) {
      this.#differ(`an entry that does not say what the data file says (version ${expected.index})`)
    }
  }

  #differ(what: string): void {
    this.#isDifferent = true
    const { findings } = this.#context
    findings.corruption(
      this.#path,
      0,
      `${what}, although its checksum is right; remove it, and the next open scans the data file`,
    )
  }
}

/** The header, if every checksum is right. */
export async function readGoodHeader(reader: CareReader): Promise<HintHeader | undefined> {
  const header = decodeHintHeader(Buffer.from(await reader.view(0, hintHeaderBytes)))
  if (header === undefined) return undefined
  const crc = await reader.crc(hintHeaderBytes, reader.bytes)
  return crc === header.entriesCrc ? header : undefined
}
