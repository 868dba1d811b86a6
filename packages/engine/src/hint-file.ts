/** Writes and opens hint files. */
import { crc32 } from './crc32.ts'
import { hintFileName } from './file-names.ts'
import type { FileSystem, ReadableFile } from './file-system/file-system.ts'
import { FileWindow } from './file-window.ts'
import {
  decodeHintHeader,
  encodeHintHeader,
  type HintHeader,
  hintEntryBytesMax,
  hintHeaderBytes,
} from './hint.ts'
import type { HintImage } from './hint-image.ts'
import { replaceFile } from './small-file.ts'

/** A hint whose every byte has been checked. Close the file when done. */
export interface OpenHint {
  readonly file: ReadableFile
  readonly fileBytes: number
  readonly entries: number
}

/** Writes the hint of the sealed file `id`, durable once this resolves. */
export async function writeHint(
  fileSystem: FileSystem,
  directory: string,
  id: number,
  image: HintImage,
  footerCrc: number,
): Promise<void> {
  const header = encodeHintHeader({ footerCrc, entries: image.count, entriesCrc: image.crc })
  const bytes = Buffer.concat([header, image.entries])
  await replaceFile(fileSystem, directory, hintFileName(id), bytes)
}

/**
 * Opens the hint of the sealed file `id` whose footer has `footerCrc`. Undefined when there is none, when it
 * is damaged or belongs to another file: whatever is wrong with a hint only costs a scan of the data file.
 */
export async function openHint(
  fileSystem: FileSystem,
  directory: string,
  id: number,
  footerCrc: number,
): Promise<OpenHint | undefined> {
  let file: ReadableFile | undefined
  try {
    file = await fileSystem.openForReading(`${directory}/${hintFileName(id)}`)
    const fileBytes = await file.size()
    const header = await checkHint(file, fileBytes)
    if (header !== undefined && header.footerCrc === footerCrc) {
      return { file, fileBytes, entries: header.entries }
    }
  } catch {
    // A hint that cannot be read is as good as none; the data file is what counts.
  }
  await file?.close().catch(() => undefined)
  return undefined
}

async function checkHint(file: ReadableFile, fileBytes: number): Promise<HintHeader | undefined> {
  const window = new FileWindow(file, fileBytes)
  const header = decodeHintHeader(Buffer.from(await window.view(0, hintHeaderBytes)))
  if (header === undefined) return undefined
  let crc = 0
  for (let at = hintHeaderBytes; at < fileBytes; ) {
    const bytes = await window.view(at, hintEntryBytesMax)
    if (bytes.length === 0) return undefined
    crc = crc32(bytes, 0, bytes.length, crc)
    at += bytes.length
  }
  return crc === header.entriesCrc ? header : undefined
}
