/**
 * Recovery: from the files of a directory to a store that can be read and written.
 *
 * First everything is read and checked, and nothing changed: a damaged store is left as it was found. Then
 * the names that were found are made durable, the torn tail is cut, the doubtful bytes behind the last mark are
 * made durable, and files that do not count are removed. Every step can be interrupted and repeated.
 */
import { corruptStore } from '../corrupt-store.ts'
import { crc32 } from '../crc32.ts'
import type { DataFile } from '../data-file.ts'
import { KvError } from '../errors.ts'
import {
  keydirImageFileName,
  logDirectoryName,
  manifestFileName,
  mergeDirectoryName,
  nextSegmentFileName,
  nodeFileName,
  temporarySuffix,
} from '../file-names.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { formatVersion } from '../format-version.ts'
import type { LogPosition } from '../frame.ts'
import { writeHint } from '../hint-file.ts'
import type { Keydir } from '../keydir/keydir.ts'
import type { OpenSegment } from '../log-writer.ts'
import { decodeManifest, type Manifest } from '../manifest.ts'
import type { Mark } from '../mark.ts'
import { decodeNodeFile, type NodeIdentity } from '../node-file.ts'
import { segmentKind } from '../segment.ts'
import { readWholeFile, removeIfThere } from '../small-file.ts'
import { createStore } from './create-store.ts'
import { listFolder } from './list-folder.ts'
import { recoverKeydir, type ScannedFile } from './recover-keydir.ts'
import { type RecoveredLog, recoverLog } from './recover-log.ts'
import type { RecoveryContext } from './recovery-context.ts'
import { cutTornTail, rewriteDoubtfulTail, tornTailBytes } from './torn-tail.ts'

export interface Recovered {
  readonly identity: NodeIdentity
  readonly manifest: Manifest
  readonly keydir: Keydir
  /** The keydir came from its image, which is still there. */
  readonly isFromImage: boolean
  /** Segments in order, the active one apart. */
  readonly active: OpenSegment
  /** Sealed segments whose hints are still to be written. */
  readonly unhinted: readonly DataFile[]
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
  const found = await readStore(context)
  const { stale, unhinted } = await lookIntoFolders(context)
  if (!found.isFromImage) stale.push(keydirImageFileName)
  const cutBytes = await settleStore(context, found, stale)
  // Those that were scanned have their hints by now.
  return recoveredOf(found, found.isFromImage ? unhinted : [], found.log.closed, cutBytes)
}

/** Opens the store in the directory and changes nothing. A torn tail stays where it is; it is not in the store. */
export async function recoverForReading(context: RecoveryContext): Promise<Recovered> {
  const found = await readStore(context)
  const { active, activeFileBytes } = found.log
  const tornBytes = await tornTailBytes(active.handle, active.file.bytes, activeFileBytes)
  if (tornBytes > 0) {
    context.logger.warn(
      { segment: active.file.path, from: active.file.bytes, bytes: tornBytes },
      'left the bytes behind the last good frame where they are, unread: no mark says that they were ever durable',
    )
  }
  return recoveredOf(found, [], [], 0)
}

/** What there is, before anything is changed. */
interface FoundStore {
  readonly identity: NodeIdentity
  readonly manifest: Manifest
  readonly log: RecoveredLog
  readonly keydir: Keydir
  readonly isFromImage: boolean
  readonly scanned: readonly ScannedFile[]
}

async function readStore(context: RecoveryContext): Promise<FoundStore> {
  const { fileSystem, directory } = context
  const identity = await readIdentity(fileSystem, directory)
  const { manifest, manifestCrc } = await readManifest(fileSystem, directory)
  const log = await recoverLog(fileSystem, directory, manifest, () => context.clock.nextTurn())
  const keydir = await recoverKeydir(context, manifest, manifestCrc, log)
  return { identity, manifest, log, ...keydir }
}

/** Leaves nothing in doubt, and nothing behind that does not count. Returns the length of the torn tail. */
async function settleStore(
  context: RecoveryContext,
  { log, scanned }: FoundStore,
  stale: readonly string[],
): Promise<number> {
  const { fileSystem, directory, logger } = context
  const { file, handle } = log.active
  await settleNames(context)
  const cutBytes = await cutTornTail(
    fileSystem,
    directory,
    file.id,
    handle,
    file.bytes,
    log.activeFileBytes,
    logger,
  )
  await rewriteDoubtfulTail(handle, file.id, file.bytes, log.mark)
  for (const path of stale) await removeIfThere(fileSystem, `${directory}/${path}`)
  await rewriteHints(context, scanned)
  return cutBytes
}

function recoveredOf(
  { identity, manifest, log, keydir, isFromImage }: FoundStore,
  unhinted: readonly DataFile[],
  unsealed: readonly OpenSegment[],
  cutBytes: number,
): Recovered {
  const { active, end, timestamp, mark } = log
  return {
    identity,
    manifest,
    keydir,
    isFromImage,
    active,
    unhinted,
    unsealed,
    end,
    timestamp,
    mark,
    cutBytes,
  }
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

async function readManifest(
  fileSystem: FileSystem,
  directory: string,
): Promise<{ manifest: Manifest; manifestCrc: number }> {
  const bytes = await readWholeFile(fileSystem, `${directory}/${manifestFileName}`)
  if (bytes === undefined) throw corruptStore(manifestFileName, 'missing')
  const manifest = decodeManifest(bytes)
  if (manifest === undefined) throw corruptStore(manifestFileName, 'unreadable')
  refuseNewer(manifestFileName, manifest.formatVersion)
  return { manifest, manifestCrc: crc32(bytes, 0, bytes.length) }
}

function refuseNewer(name: string, version: number): void {
  if (version <= formatVersion) return
  throw new KvError(
    'KV_CORRUPT_STORE',
    `${name} has format version ${version}, this program reads up to ${formatVersion}; nothing was changed; open the store with the newer program`,
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

interface FolderFindings {
  /** What MANIFEST rules out and what was never finished, as paths below the data directory. */
  readonly stale: string[]
  /** Sealed segments that a close has left without a hint. */
  readonly unhinted: readonly DataFile[]
}

async function lookIntoFolders({
  fileSystem,
  directory,
  files,
}: RecoveryContext): Promise<FolderFindings> {
  const kept = new Set<string>()
  const unhinted = new Map<string, DataFile>()
  for (const file of files.files()) {
    kept.add(file.path).add(file.hintPath)
    if (file.kind === segmentKind.log && file.state === 'sealed') unhinted.set(file.hintPath, file)
  }
  const stale = [manifestFileName, nodeFileName].map((name) => name + temporarySuffix)
  for (const folder of [logDirectoryName, mergeDirectoryName]) {
    for (const name of await listFolder(fileSystem, directory, folder)) {
      const path = `${folder}/${name}`
      unhinted.delete(path)
      if (isOurs(name) && !kept.has(path)) stale.push(path)
    }
  }
  return { stale, unhinted: [...unhinted.values()] }
}

/** Spares the next open the scans of this one. */
async function rewriteHints(
  { fileSystem, directory, logger }: RecoveryContext,
  scanned: readonly ScannedFile[],
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
