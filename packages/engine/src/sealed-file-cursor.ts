import { corruptStore } from './corrupt-store.ts'
import type { DataFile } from './data-file.ts'
import type { FileSystem, ReadableFile } from './file-system/file-system.ts'
import { readFully } from './file-system/transfer.ts'
import { hintHeaderBytes } from './hint.ts'
import { HintCursor } from './hint-cursor.ts'
import { type OpenHint, openHint } from './hint-file.ts'
import type { HintImage } from './hint-image.ts'
import { scanLog } from './log-scan.ts'
import { NewestRecords } from './newest-records.ts'
import { scanOutput } from './output-scan.ts'
import type { RecordView } from './record.ts'
import { segmentFooterBytes, segmentKind } from './segment.ts'

/** A cursor over the entries of a sealed file. `image` is there when its hint was not to be had, and the file was scanned. */
export interface SealedFileCursor {
  readonly cursor: HintCursor
  readonly image: HintImage | undefined
}

/** Hints walked at once from their files; further ones are read into memory, so that descriptors stay bounded. */
export const hintFilesOpenMax = 32

/** Walks a sealed file's entries by its hint, or by a scan of every byte when the hint is missing or bad. */
export async function openSealedFileCursor(
  fileSystem: FileSystem,
  directory: string,
  slot: number,
  file: DataFile,
  handle: ReadableFile,
  nextTurn: () => Promise<void>,
  keepsHintOpen: boolean,
  /** Called for each record of a scan; what it throws ends the scan. */
  interrupt: () => void = () => undefined,
): Promise<SealedFileCursor> {
  const folder = `${directory}/${file.directory}`
  const hint = await openHint(fileSystem, folder, file.id, file.footerCrc)
  if (hint !== undefined) {
    const cursor = keepsHintOpen
      ? HintCursor.overFile(slot, hint)
      : HintCursor.overEntries(slot, await readEntries(hint))
    return { cursor, image: undefined }
  }
  const image = await scanSealedFile(file, handle, nextTurn, interrupt)
  return { cursor: HintCursor.overImage(slot, image), image }
}

async function readEntries({ file, fileBytes }: OpenHint): Promise<Buffer> {
  try {
    const entries = Buffer.alloc(fileBytes - hintHeaderBytes)
    return entries.subarray(0, await readFully(file, entries, hintHeaderBytes))
  } finally {
    await file.close()
  }
}

/** Builds the hint image of a sealed file from its bytes. Damage is corruption: never skipped in silence. */
async function scanSealedFile(
  file: DataFile,
  handle: ReadableFile,
  nextTurn: () => Promise<void>,
  interrupt: () => void,
): Promise<HintImage> {
  const newest = new NewestRecords()
  const add = (record: RecordView, offset: number): void => {
    interrupt()
    newest.add(record, offset)
  }
  if (file.kind === segmentKind.log) {
    const end = await scanLog(handle, file.bytes, file.start, { record: add })
    const isWhole =
      end.offset === file.bytes - segmentFooterBytes &&
      end.position.index === file.highestIndex + 1 &&
      end.position.chain === file.chainAfter
    if (!isWhole) throw corruptStore(file.path, `a bad frame at byte ${end.offset}`)
  } else {
    const end = await scanOutput(handle, file.bytes, add)
    if (!end.isWhole) throw corruptStore(file.path, `a bad record at byte ${end.offset}`)
  }
  return newest.image(nextTurn)
}
