import { corruptStore } from '../corrupt-store.ts'
import { DataFile } from '../data-file.ts'
import type { ReadableFile } from '../file-system/file-system.ts'
import { readFully } from '../file-system/transfer.ts'
import type { FileTable } from '../file-table.ts'
import { HintCursor } from '../hint-cursor.ts'
import type { HintImage } from '../hint-image.ts'
import { mergeHints } from '../hint-merge.ts'
import { Keydir } from '../keydir/keydir.ts'
import { type ImageFile, loadKeydirImage } from '../keydir-image-file.ts'
import type { Manifest } from '../manifest.ts'
import { recordKind } from '../record.ts'
import { hintFilesOpenMax, openSealedFileCursor } from '../sealed-file-cursor.ts'
import { decodeSegmentFooter, footerCrc, segmentFooterBytes, segmentKind } from '../segment.ts'
import type { RecoveredLog } from './recover-log.ts'
import type { RecoveryContext } from './recovery-context.ts'

/** A sealed file that had to be scanned, for want of a good hint. */
export interface ScannedFile {
  readonly file: DataFile
  readonly image: HintImage
}

export interface RecoveredKeydir {
  readonly keydir: Keydir
  /** From `keydir.image`; else from hints. */
  readonly isFromImage: boolean
  readonly scanned: readonly ScannedFile[]
}

/** Takes the files of the log and of MANIFEST in, each checked to be what it should be, and makes their keydir. */
export async function recoverKeydir(
  context: RecoveryContext,
  manifest: Manifest,
  manifestCrc: number,
  log: RecoveredLog,
): Promise<RecoveredKeydir> {
  const { fileSystem, directory, files } = context
  const outputs = manifest.files.map((named) => DataFile.merge(named))
  const sealed = [...log.sealed, ...outputs]
  const all = [...log.closed, log.active].map(({ file }) => file).concat(sealed)
  const basis = { manifestCrc, logEnd: log.end }
  const loaded = await loadKeydirImage(fileSystem, directory, basis, all)
  // All of the open ones first: from here on the table closes the descriptors, whatever fails.
  register(files, log, sealed, loaded?.files)
  await checkOutputs(context, outputs)
  if (loaded !== undefined) return { keydir: loaded.keydir, isFromImage: true, scanned: [] }
  const scanned: ScannedFile[] = []
  return {
    keydir: await keydirFromHints(context, log, sealed, scanned),
    isFromImage: false,
    scanned,
  }
}

/** Takes the files in: at the slots that an image gives them, or at any. */
function register(
  files: FileTable,
  log: RecoveredLog,
  sealed: readonly DataFile[],
  imageFiles: readonly ImageFile[] | undefined,
): void {
  const named = new Map(imageFiles?.map((imageFile) => [imageFile.path, imageFile]))
  const add = (file: DataFile, handle?: ReadableFile): void => {
    const imageFile = named.get(file.path)
    files.add(file, handle, imageFile?.slot)
    file.liveBytes = imageFile?.liveBytes ?? 0
    file.liveRecords = imageFile?.liveRecords ?? 0
  }
  for (const { file, handle } of [...log.closed, log.active]) add(file, handle)
  for (const file of sealed) add(file)
}

/** Merges what the hints say; files without a good one are scanned. */
async function keydirFromHints(
  context: RecoveryContext,
  log: RecoveredLog,
  sealed: readonly DataFile[],
  scanned: ScannedFile[],
): Promise<Keydir> {
  const { files } = context
  const cursors: HintCursor[] = []
  try {
    for (const { file, image } of [...log.closed, log.active]) {
      cursors.push(HintCursor.overImage(files.slotOf(file), image))
    }
    for (const file of sealed) {
      const slot = files.slotOf(file)
      const keepsHintOpen = cursors.length < hintFilesOpenMax
      const { cursor, image } = await files.withFile(slot, (handle) =>
        openSealedFileCursor(
          context.fileSystem,
          context.directory,
          slot,
          file,
          handle,
          () => context.clock.nextTurn(),
          keepsHintOpen,
        ),
      )
      cursors.push(cursor)
      if (image !== undefined) scanned.push({ file, image })
    }
    return await loadKeydir(context, cursors)
  } finally {
    // They were only read: what closing them says changes nothing.
    await Promise.allSettled(cursors.map((cursor) => cursor.close()))
  }
}

/** Of each key the newest entry of all files wins; a winning tombstone drops out. Keys come in order. */
async function loadKeydir(
  { files, clock }: RecoveryContext,
  cursors: readonly HintCursor[],
): Promise<Keydir> {
  const keydir = new Keydir()
  const records = [...files.files()].reduce((sum, file) => sum + file.records, 0)
  // By default a merge comes before more than half of them are dead.
  keydir.reserve(records / 2)
  await mergeHints(
    cursors,
    () => clock.nextTurn(),
    (slot, entry) => {
      if (entry.kind !== recordKind.put) return
      const { source, keyStart, keyEnd, offset, size, index, expiresAt } = entry
      keydir.append(source, keyStart, keyEnd, { slot, offset, size, index, expiresAt })
      files.file(slot).remember(size)
    },
  )
  return keydir
}

/** Each merge output is the file that MANIFEST names. */
async function checkOutputs(
  { files }: RecoveryContext,
  outputs: readonly DataFile[],
): Promise<void> {
  for (const file of outputs) {
    await files.withFile(files.slotOf(file), (handle) => checkOutput(file, handle))
  }
}

async function checkOutput(file: DataFile, handle: ReadableFile): Promise<void> {
  const bytes = await handle.size()
  if (bytes !== file.bytes) {
    throw corruptStore(file.path, `${bytes} bytes long instead of ${file.bytes}`)
  }
  const encoded = Buffer.alloc(segmentFooterBytes)
  await readFully(handle, encoded, bytes - segmentFooterBytes)
  const footer = decodeSegmentFooter(encoded)
  if (footer?.kind !== segmentKind.merge || footerCrc(encoded) !== file.footerCrc) {
    throw corruptStore(file.path, 'a footer that is not the one MANIFEST names')
  }
}
