/**
 * Restore: makes a store of a backup, in a directory of its own.
 *
 * Everything is checked while it is copied. NODE, with which a directory becomes a store, is written last, and a file
 * named `RESTORE-UNFINISHED` stands there from the first step to the last: no store opens, and none is created, in what
 * an interrupted restore leaves. The next restore to that directory begins anew.
 *
 * The store gets new ids, as it is another one from here on: two that went on from one backup have different histories
 * under the same versions.
 */
import { locked } from '../data-directory.ts'
import { directoryError } from '../directory-error.ts'
import { diskError } from '../disk-error.ts'
import { KvError } from '../errors.ts'
import {
  logDirectoryName,
  manifestFileName,
  marksFileName,
  nodeFileName,
  parseSegmentFileName,
  temporarySuffix,
} from '../file-names.ts'
import {
  type DirectoryLock,
  DirectoryLockedError,
  type FileSystem,
} from '../file-system/file-system.ts'
import { writeFully } from '../file-system/transfer.ts'
import { encodeMark, markBytes, markSlots } from '../mark.ts'
import { createIdentity, encodeNodeFile } from '../node-file.ts'
import { checkedPath } from '../path-argument.ts'
import { makeDirectoryIfMissing } from '../recovery/create-store.ts'
import { removeIfThere, replaceFile } from '../small-file.ts'
import { corruptBackup } from './backup-error.ts'
import { type BackupManifest, backupFolders, lastSegment, storedPath } from './backup-manifest.ts'
import { BackupReader, type BackupReadOptions, type VerifiedBackup } from './backup-reader.ts'
import { copyToNewFile } from './file-copy.ts'
import { namesIn, parentOf } from './target.ts'

const unfinishedFileName = 'RESTORE-UNFINISHED'
const unfinishedText =
  'A restore to this directory has not come to its end. Repeat it, or remove the directory.\n'
const notRestored = 'no store was made'
const notFinished = `${notRestored}; a directory with ${unfinishedFileName} in it can be restored to again`

/** What a restore writes, apart from the files in the folders. */
const ownNames: readonly string[] = [
  unfinishedFileName,
  manifestFileName,
  marksFileName,
  nodeFileName + temporarySuffix,
]
const dataFilePattern = /^[0-9]{16}\.(data|hint)$/

/** The backup that was restored, and the store that was made of it. */
export interface RestoreReport extends VerifiedBackup {
  /** Of the store that was made. */
  readonly newStoreId: string
}

/**
 * Makes a store in `dataDirectory`, which is not there or empty, and whose parent is there: as of the moment of the
 * backup. Every byte is checked on the way.
 *
 * @throws KvError KV_CORRUPT_BACKUP when the backup is damaged or incomplete, KV_BAD_REQUEST when there is none, or the
 * directory cannot be used, KV_LOCKED, KV_DISK_FULL, KV_TRY_LATER, KV_STORAGE_FAILED; the signal's reason; `TypeError` for
 * paths and options that are none. No store is there then.
 */
export async function restoreBackup(
  backupDirectory: string,
  dataDirectory: string,
  options: BackupReadOptions = {},
): Promise<RestoreReport> {
  const source = checkedPath(backupDirectory, 'the directory of the backup', notRestored)
  const target = checkedPath(dataDirectory, 'the directory for the store', notRestored)
  const reader = await openWhole(source, options)
  try {
    return await restore(reader, target)
  } catch (error) {
    throw directoryError(error, target, notRestored)
  }
}

/** Before anything is made: a file that is missing or too short shows without reading it. */
async function openWhole(directory: string, options: BackupReadOptions): Promise<BackupReader> {
  try {
    const reader = await BackupReader.open(directory, options)
    for (const file of reader.manifest.files) {
      const damage = await reader.damageOf(file, async () => undefined)
      if (damage !== undefined) throw corruptBackup(storedPath(file), damage)
    }
    return reader
  } catch (error) {
    throw directoryError(error, directory, 'nothing was restored')
  }
}

async function restore(reader: BackupReader, target: string): Promise<RestoreReport> {
  const { fileSystem } = reader
  await makeDirectoryIfMissing(fileSystem, target)
  await fileSystem.syncDirectory(parentOf(target))
  await refuseOtherFiles(fileSystem, target)
  const lock = await take(fileSystem, target)
  try {
    await refuseOtherFiles(fileSystem, target)
    await removeRestored(fileSystem, target)
    try {
      await begin(fileSystem, target)
      await copyFiles(reader, target)
      return { ...reader.summary, newStoreId: await finish(reader, target) }
    } catch (error) {
      await removeRestored(fileSystem, target).catch(() => undefined)
      throw diskError(error, notFinished)
    }
  } finally {
    await lock.release()
  }
}

async function take(fileSystem: FileSystem, target: string): Promise<DirectoryLock> {
  try {
    return await fileSystem.lockDirectory(target, 'read')
  } catch (error) {
    throw error instanceof DirectoryLockedError ? locked(target, error) : error
  }
}

async function refuseOtherFiles(fileSystem: FileSystem, target: string): Promise<void> {
  const names = (await fileSystem.readDirectory(target)).filter((name) => !name.startsWith('LOCK'))
  if (names.length === 0) return
  const own = names.includes(unfinishedFileName) ? [...ownNames, ...backupFolders] : []
  const foreign = names.filter((name) => !own.includes(name))
  if (foreign.length === 0) return
  const what = foreign.includes(nodeFileName) ? 'a store' : 'other files'
  throw new KvError(
    'KV_BAD_REQUEST',
    `${target} holds ${what} (${foreign.slice(0, 3).join(', ')}); nothing was changed; restore to an empty or a new directory`,
  )
}

/** Removes what a restore has written, but for the file that says that it is unfinished. */
async function removeRestored(fileSystem: FileSystem, target: string): Promise<void> {
  // First of all what makes it a store.
  for (const name of [nodeFileName, ...ownNames]) {
    if (name !== unfinishedFileName) await removeIfThere(fileSystem, `${target}/${name}`)
  }
  for (const folder of backupFolders) {
    for (const name of await namesIn(fileSystem, `${target}/${folder}`)) {
      if (dataFilePattern.test(name)) await removeIfThere(fileSystem, `${target}/${folder}/${name}`)
    }
  }
}

async function begin(fileSystem: FileSystem, target: string): Promise<void> {
  await sayUnfinished(fileSystem, `${target}/${unfinishedFileName}`)
  await fileSystem.syncDirectory(target)
  for (const folder of backupFolders) {
    await makeDirectoryIfMissing(fileSystem, `${target}/${folder}`)
  }
}

/** Its name is what counts. */
async function sayUnfinished(fileSystem: FileSystem, path: string): Promise<void> {
  await removeIfThere(fileSystem, path)
  const file = await fileSystem.createFile(path)
  try {
    await writeFully(file, Buffer.from(unfinishedText), 0)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function copyFiles(reader: BackupReader, target: string): Promise<void> {
  const { fileSystem, pace, observer } = reader
  for (const file of reader.manifest.files) {
    const damage = await reader.damageOf(file, (source) =>
      copyToNewFile(source, file.bytes, fileSystem, `${target}/${file.path}`, pace, observer),
    )
    if (damage !== undefined) throw corruptBackup(storedPath(file), damage)
  }
}

/** Makes it a store. Returns its id. */
async function finish(
  { fileSystem, pace, manifest }: BackupReader,
  target: string,
): Promise<string> {
  const marks = await fileSystem.createFile(`${target}/${marksFileName}`)
  try {
    await writeFully(marks, marksOf(manifest), 0)
    await marks.sync()
  } finally {
    await marks.close()
  }
  for (const folder of backupFolders) await fileSystem.syncDirectory(`${target}/${folder}`)
  await fileSystem.syncDirectory(target)
  pace.check()
  const identity = createIdentity()
  await replaceFile(fileSystem, target, nodeFileName, encodeNodeFile(identity))
  // By now it is a store, with or without this file, and whether its end is durable or not.
  await fileSystem.unlink(`${target}/${unfinishedFileName}`).catch(() => undefined)
  return identity.storeId
}

/** One mark: all of the log is durable. What is bad in it from now on is damage, and not a torn tail. */
function marksOf(manifest: BackupManifest): Buffer {
  const { end } = manifest
  const segment = lastSegment(manifest)
  const marks = Buffer.alloc(markSlots * markBytes)
  encodeMark({
    seq: 1,
    index: end.index - 1,
    term: end.term,
    commit: end.index - 1,
    segment: parseSegmentFileName(segment.path.slice(logDirectoryName.length + 1))!,
    offset: segment.bytes,
    chain: end.chain,
  }).copy(marks)
  return marks
}
