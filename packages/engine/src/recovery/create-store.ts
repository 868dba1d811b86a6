/**
 * A new store. NODE is written last, so that its presence means a complete store; a creation that was
 * interrupted is started over.
 */
import { corruptStore } from '../corrupt-store.ts'
import { KvError, systemErrorCode } from '../errors.ts'
import {
  keydirImageFileName,
  logDirectoryName,
  lostDirectoryName,
  manifestFileName,
  marksFileName,
  mergeDirectoryName,
  nodeFileName,
  segmentFileName,
  temporarySuffix,
} from '../file-names.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { writeFully } from '../file-system/transfer.ts'
import { logOrigin } from '../frame.ts'
import { emptyManifest, encodeManifest } from '../manifest.ts'
import { encodeMark, markBytes, markSlots } from '../mark.ts'
import { createIdentity, encodeNodeFile } from '../node-file.ts'
import { encodeSegmentHeader, segmentHeaderBytes, segmentKind } from '../segment.ts'
import { removeIfThere, replaceFile } from '../small-file.ts'

const ownNames: readonly string[] = [
  keydirImageFileName,
  logDirectoryName,
  lostDirectoryName,
  manifestFileName,
  marksFileName,
  mergeDirectoryName,
]

/** Creates a store in `directory`, which exists and holds no NODE. */
export async function createStore(fileSystem: FileSystem, directory: string): Promise<void> {
  await refuseData(fileSystem, directory)
  // Also when the directory was there: whoever made it may have died before its name was durable.
  await fileSystem.syncDirectory(parentOf(directory))
  for (const name of [logDirectoryName, mergeDirectoryName]) {
    await makeDirectoryIfMissing(fileSystem, `${directory}/${name}`)
  }
  const marks = Buffer.alloc(markSlots * markBytes)
  encodeMark({
    seq: 1,
    index: 0,
    term: 0,
    commit: 0,
    segment: logOrigin.index,
    offset: segmentHeaderBytes,
    chain: logOrigin.chain,
  }).copy(marks)
  await writeNew(fileSystem, `${directory}/${marksFileName}`, marks)
  const header = encodeSegmentHeader({
    kind: segmentKind.log,
    chainBefore: logOrigin.chain,
    firstIndex: logOrigin.index,
  })
  const logDirectory = `${directory}/${logDirectoryName}`
  await writeNew(fileSystem, `${logDirectory}/${segmentFileName(logOrigin.index)}`, header)
  await fileSystem.syncDirectory(logDirectory)
  await replaceFile(fileSystem, directory, manifestFileName, encodeManifest(emptyManifest))
  await replaceFile(fileSystem, directory, nodeFileName, encodeNodeFile(createIdentity()))
}

export async function makeDirectoryIfMissing(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.makeDirectory(path)
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error
  }
}

/**
 * Refuses a directory that holds other files and no store. Asked before anything, the lock included, is put
 * there.
 */
export async function refuseForeignFiles(fileSystem: FileSystem, directory: string): Promise<void> {
  const names = await fileSystem.readDirectory(directory)
  if (names.includes(nodeFileName)) return
  const foreign = names.filter((name) => !isOwnName(name))
  if (foreign.length === 0) return
  throw new KvError(
    'KV_BAD_REQUEST',
    `${directory} holds other files (${foreign.slice(0, 3).join(', ')}) and no store; nothing was changed; choose an empty or a new directory`,
  )
}

/** Refuses a directory that holds no store to read: KV_CORRUPT_STORE when it holds the data of one. Changes nothing. */
export async function refuseMissingStore(fileSystem: FileSystem, directory: string): Promise<void> {
  const names = await listIfThere(fileSystem, directory)
  if (names.includes(nodeFileName)) return
  await refuseData(fileSystem, directory)
  throw new KvError(
    'KV_BAD_REQUEST',
    `${directory} holds no store; nothing was created; name the directory of a store: only an open for writing creates one`,
  )
}

/** What an interrupted creation leaves is ours to replace; data is not. */
async function refuseData(fileSystem: FileSystem, directory: string): Promise<void> {
  const segments = await listIfThere(fileSystem, `${directory}/${logDirectoryName}`)
  const outputs = await listIfThere(fileSystem, `${directory}/${mergeDirectoryName}`)
  const first = segmentFileName(logOrigin.index)
  if (outputs.length > 0 || segments.some((name) => name !== first)) {
    throw corruptStore(nodeFileName, 'missing, although there is data')
  }
  if (segments.includes(first)) {
    const file = await fileSystem.openForReading(`${directory}/${logDirectoryName}/${first}`)
    const bytes = await file.size()
    await file.close()
    if (bytes > segmentHeaderBytes)
      throw corruptStore(nodeFileName, 'missing, although there is data')
  }
}

function isOwnName(name: string): boolean {
  return name.startsWith('LOCK') || name.endsWith(temporarySuffix) || ownNames.includes(name)
}

async function listIfThere(fileSystem: FileSystem, path: string): Promise<string[]> {
  try {
    return await fileSystem.readDirectory(path)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** The directory that holds `path`. */
export function parentOf(path: string): string {
  const parent = path.slice(0, Math.max(path.lastIndexOf('/'), 0))
  return parent || (path.startsWith('/') ? '/' : '.')
}

/** Writes a file anew, durable once this resolves but for its name. */
export async function writeNew(fileSystem: FileSystem, path: string, bytes: Buffer): Promise<void> {
  await removeIfThere(fileSystem, path)
  const file = await fileSystem.createFile(path)
  try {
    await writeFully(file, bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
}
