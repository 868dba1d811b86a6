/**
 * Recovery: from the files of a directory to a store that can be read and written.
 *
 * First everything is read and checked, and nothing changed: a damaged store is left as it was found. Then
 * the names that were found are made durable, the torn tail is cut, the doubtful bytes behind the last mark are
 * made durable, and files that do not count are removed. Every step can be interrupted and repeated.
 */
import type { Clock } from '../clock.ts'
import { corruptStore } from '../corrupt-store.ts'
import { DataFile } from '../data-file.ts'
import { KvError } from '../errors.ts'
import {
  logDirectoryName,
  manifestFileName,
  mergeDirectoryName,
  nextSegmentFileName,
  nodeFileName,
  temporarySuffix,
} from '../file-names.ts'
import type { FileSystem, ReadableFile } from '../file-system/file-system.ts'
import { readFully } from '../file-system/transfer.ts'
import type { FileTable } from '../file-table.ts'
import { formatVersion } from '../format-version.ts'
import type { LogPosition } from '../frame.ts'
import { HintCursor } from '../hint-cursor.ts'
import { writeHint } from '../hint-file.ts'
import type { HintImage } from '../hint-image.ts'
import { mergeHints } from '../hint-merge.ts'
import type { Keydir } from '../keydir/keydir.ts'
import type { OpenSegment } from '../log-writer.ts'
import type { Logger } from '../logger.ts'
import { decodeManifest, type Manifest } from '../manifest.ts'
import type { Mark } from '../mark.ts'
import { decodeNodeFile, type NodeIdentity } from '../node-file.ts'
import { recordKind } from '../record.ts'
import { hintFilesOpenMax, openSealedFileCursor } from '../sealed-file-cursor.ts'
import { decodeSegmentFooter, footerCrc, segmentFooterBytes, segmentKind } from '../segment.ts'
import { readWholeFile, removeIfThere } from '../small-file.ts'
import { createStore } from './create-store.ts'
import { listFolder } from './list-folder.ts'
import { type RecoveredLog, recoverLog } from './recover-log.ts'
import { cutTornTail, rewriteDoubtfulTail } from './torn-tail.ts'

export interface RecoveryContext {
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  /** Empty; filled by recovery. */
  readonly files: FileTable
  readonly keydir: Keydir
}

export interface Recovered {
  readonly identity: NodeIdentity
  readonly manifest: Manifest
  /** Segments in order, the active one apart. */
  readonly active: OpenSegment
  /** Full segments that still lack their footer. */
  readonly unsealed: readonly OpenSegment[]
  readonly end: LogPosition
  readonly timestamp: number
  readonly mark: Mark
  /** Length of the torn tail that was cut. */
  readonly cutBytes: number
}

/** Opens what is in the directory, creating a store where there is none. The descriptors are the file table's. */
export async function recover(context: RecoveryContext): Promise<Recovered> {
  const { fileSystem, directory, logger } = context
  const identity = await readIdentity(fileSystem, directory)
  const manifest = await readManifest(fileSystem, directory)
  const log = await recoverLog(fileSystem, directory, manifest, () => context.clock.nextTurn())
  const taken: TakenIn = { cursors: [], scanned: [] }
  try {
    await takeInLog(context, log, taken)
    await takeInOutputs(context, manifest, taken)
    await loadKeydir(context, taken.cursors)
  } finally {
    for (const cursor of taken.cursors) await cursor.close()
  }
  const stale = await findStaleFiles(context)
  await settleNames(context)
  const { active } = log
  const cutBytes = await cutTornTail(
    fileSystem,
    directory,
    active.file.id,
    active.handle,
    active.file.bytes,
    log.activeFileBytes,
    logger,
  )
  await rewriteDoubtfulTail(active.handle, active.file.id, active.file.bytes, log.mark)
  for (const path of stale) await removeIfThere(fileSystem, `${directory}/${path}`)
  await rewriteHints(context, taken.scanned)
  const { closed: unsealed, end, timestamp, mark } = log
  return { identity, manifest, active, unsealed, end, timestamp, mark, cutBytes }
}

async function readIdentity(fileSystem: FileSystem, directory: string): Promise<NodeIdentity> {
  const path = `${directory}/${nodeFileName}`
  let bytes = await readWholeFile(fileSystem, path)
  if (bytes === undefined) {
    await createStore(fileSystem, directory)
    bytes = await readWholeFile(fileSystem, path)
  }
  const identity = bytes === undefined ? undefined : decodeNodeFile(bytes)
  if (identity === undefined) throw corruptStore(nodeFileName, 'unreadable')
  refuseNewer(nodeFileName, identity.formatVersion)
  return identity
}

async function readManifest(fileSystem: FileSystem, directory: string): Promise<Manifest> {
  const bytes = await readWholeFile(fileSystem, `${directory}/${manifestFileName}`)
  if (bytes === undefined) throw corruptStore(manifestFileName, 'missing')
  const manifest = decodeManifest(bytes)
  if (manifest === undefined) throw corruptStore(manifestFileName, 'unreadable')
  refuseNewer(manifestFileName, manifest.formatVersion)
  return manifest
}

function refuseNewer(name: string, version: number): void {
  if (version <= formatVersion) return
  throw new KvError(
    'KV_CORRUPT_STORE',
    `${name} has format version ${version}, this program reads up to ${formatVersion}; nothing was changed; open the store with the newer program`,
  )
}

/** What the files that were taken in hold. */
interface TakenIn {
  /** Over the entries of each file. */
  readonly cursors: HintCursor[]
  /** Sealed files that had to be scanned, for want of a good hint. */
  readonly scanned: { readonly file: DataFile; readonly image: HintImage }[]
}

/** Registers the log's segments. */
async function takeInLog(
  context: RecoveryContext,
  log: RecoveredLog,
  taken: TakenIn,
): Promise<void> {
  // All of them first: from here on the table closes the descriptors, whatever fails.
  const { files } = context
  for (const { file, handle, image } of [...log.closed, log.active]) {
    taken.cursors.push(HintCursor.overImage(files.add(file, handle), image))
  }
  for (const file of log.sealed) {
    const slot = files.add(file)
    await files.withFile(slot, (handle) => takeInSealed(context, slot, file, handle, taken))
  }
}

/** Registers the merge outputs, each checked to be the file that MANIFEST names. Adds a cursor over each. */
async function takeInOutputs(
  context: RecoveryContext,
  manifest: Manifest,
  taken: TakenIn,
): Promise<void> {
  for (const named of manifest.files) {
    const file = DataFile.merge(named)
    const slot = context.files.add(file)
    await context.files.withFile(slot, async (handle) => {
      await checkOutput(file, handle)
      await takeInSealed(context, slot, file, handle, taken)
    })
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

async function takeInSealed(
  { fileSystem, directory, clock }: RecoveryContext,
  slot: number,
  file: DataFile,
  handle: ReadableFile,
  taken: TakenIn,
): Promise<void> {
  const { cursor, image } = await openSealedFileCursor(
    fileSystem,
    directory,
    slot,
    file,
    handle,
    () => clock.nextTurn(),
    taken.cursors.length < hintFilesOpenMax,
  )
  taken.cursors.push(cursor)
  if (image !== undefined) taken.scanned.push({ file, image })
}

/** Of each key the newest entry of all files wins; a winning tombstone drops out. Keys come in order. */
async function loadKeydir(
  { keydir, files, clock }: RecoveryContext,
  cursors: readonly HintCursor[],
): Promise<void> {
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
}

/**
 * A process that died between a rename and the sync of its directory leaves a name that is seen but not yet
 * durable. What is built on it from here on must not lose it in a power cut.
 */
async function settleNames({ fileSystem, directory }: RecoveryContext): Promise<void> {
  await fileSystem.syncDirectory(directory)
  await fileSystem.syncDirectory(`${directory}/${logDirectoryName}`)
}

/** What MANIFEST rules out and what was never finished, as paths below the data directory. */
async function findStaleFiles({
  fileSystem,
  directory,
  files,
}: RecoveryContext): Promise<readonly string[]> {
  const kept = new Set<string>()
  for (const file of files.files()) kept.add(file.path).add(file.hintPath)
  const stale = [manifestFileName, nodeFileName].map((name) => name + temporarySuffix)
  for (const folder of [logDirectoryName, mergeDirectoryName]) {
    for (const name of await listFolder(fileSystem, directory, folder)) {
      const path = `${folder}/${name}`
      if (isOurs(name) && !kept.has(path)) stale.push(path)
    }
  }
  return stale
}

/** Spares the next open the scans of this one. */
async function rewriteHints(
  { fileSystem, directory, logger }: RecoveryContext,
  scanned: TakenIn['scanned'],
): Promise<void> {
  for (const { file, image } of scanned) {
    const folder = `${directory}/${file.directory}`
    await writeHint(fileSystem, folder, file.id, image, file.footerCrc).catch((error: unknown) => {
      logger.warn(
        { err: error, file: file.path },
        'a hint could not be written; the next open scans the file',
      )
    })
  }
}

function isOurs(name: string): boolean {
  return name === nextSegmentFileName || /^[0-9]{16}\.(data|hint)(\.tmp)?$/.test(name)
}
