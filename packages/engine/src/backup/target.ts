import { KvError, systemErrorCode } from '../errors.ts'
import { manifestFileName, temporarySuffix } from '../file-names.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { makeDirectoryIfMissing } from '../recovery/create-store.ts'
import { readWholeFile, removeIfThere, replaceFile } from '../small-file.ts'
import { corruptBackup } from './backup-error.ts'
import {
  type BackupManifest,
  backupFolders,
  backupManifestFileName,
  decodeBackupManifest,
  encodeBackupManifest,
  isStoredName,
  storedPath,
} from './backup-manifest.ts'

/** The manifest of a backup, or undefined when the directory holds none. Throws KV_CORRUPT_BACKUP. */
export async function readBackupManifest(
  fileSystem: FileSystem,
  directory: string,
): Promise<BackupManifest | undefined> {
  const bytes = await readWholeFile(fileSystem, `${directory}/${backupManifestFileName}`)
  if (bytes === undefined) return undefined
  const decoded = decodeBackupManifest(bytes)
  if (typeof decoded === 'string') throw corruptBackup(backupManifestFileName, decoded)
  return decoded
}

/** A symbolic link in place of a folder leads somewhere else: it is refused, as one in place of a file is (ELOOP). */
export async function refuseLinkedFolders(
  fileSystem: FileSystem,
  directory: string,
): Promise<void> {
  for (const folder of backupFolders) {
    try {
      // A folder can be opened for reading, on some disks at least; a link cannot.
      await (await fileSystem.openForReading(`${directory}/${folder}`)).close()
    } catch (error) {
      const code = systemErrorCode(error)
      if (code === 'ELOOP') throw corruptBackup(folder, 'a symbolic link', { cause: error })
      if (code !== 'EISDIR' && code !== 'ENOENT') throw error
    }
  }
}

/**
 * Makes a directory ready for the next backup of a store, and returns the manifest of the one before, if there is one.
 * Throws KV_BAD_REQUEST for a directory that holds anything but backups of this store.
 */
export async function prepareTarget(
  fileSystem: FileSystem,
  directory: string,
  storeId: string,
): Promise<BackupManifest | undefined> {
  await makeDirectoryIfMissing(fileSystem, directory)
  await fileSystem.syncDirectory(parentOf(directory))
  await refuseLinkedFolders(fileSystem, directory)
  const before = await readBackupManifest(fileSystem, directory)
  if (before === undefined) await refuseOtherFiles(fileSystem, directory)
  else refuseOtherStore(before, directory, storeId)
  await removeLeftovers(fileSystem, directory, before)
  for (const folder of backupFolders) {
    await makeDirectoryIfMissing(fileSystem, `${directory}/${folder}`)
  }
  return before
}

/** Removes every file that a backup has written and `manifest` does not name. */
export async function removeUnnamed(
  fileSystem: FileSystem,
  directory: string,
  manifest: BackupManifest | undefined,
): Promise<void> {
  for (const path of await unnamedPaths(fileSystem, directory, manifest)) {
    await removeIfThere(fileSystem, `${directory}/${path}`)
  }
}

/** What an interrupted backup has left. */
async function removeLeftovers(
  fileSystem: FileSystem,
  directory: string,
  manifest: BackupManifest | undefined,
): Promise<void> {
  const paths = await unnamedPaths(fileSystem, directory, manifest)
  if (paths.length === 0) return
  if (manifest !== undefined) {
    // It may be seen and not yet be durable: then the files to be removed are those of the manifest that is.
    const bytes = encodeBackupManifest(manifest)
    await replaceFile(fileSystem, directory, backupManifestFileName, bytes)
  }
  for (const path of paths) await removeIfThere(fileSystem, `${directory}/${path}`)
}

/** Files that a backup has written and `manifest` does not name. */
export async function unnamedPaths(
  fileSystem: FileSystem,
  directory: string,
  manifest: BackupManifest | undefined,
): Promise<string[]> {
  const named = new Set(manifest?.files.map(storedPath))
  const found: string[] = []
  for (const folder of ['', ...backupFolders.map((folder) => `${folder}/`)]) {
    const names = await namesIn(fileSystem, `${directory}/${folder}`)
    found.push(...names.filter(isStoredName).map((name) => folder + name))
  }
  return found.filter((path) => !named.has(path))
}

async function refuseOtherFiles(fileSystem: FileSystem, directory: string): Promise<void> {
  const own = [...backupFolders, backupManifestFileName + temporarySuffix]
  const isLeftover = (name: string): boolean =>
    own.includes(name) || (name.startsWith(`${manifestFileName}.`) && isStoredName(name))
  const foreign = (await fileSystem.readDirectory(directory)).filter((name) => !isLeftover(name))
  for (const folder of backupFolders) {
    const names = await namesIn(fileSystem, `${directory}/${folder}`)
    foreign.push(...names.filter((name) => !isStoredName(name)).map((name) => `${folder}/${name}`))
  }
  if (foreign.length === 0) return
  throw new KvError(
    'KV_BAD_REQUEST',
    `${directory} holds other files (${foreign.slice(0, 3).join(', ')}) and no backup; nothing was changed; choose an empty or a new directory`,
  )
}

function refuseOtherStore(before: BackupManifest, directory: string, storeId: string): void {
  if (before.storeId === storeId) return
  throw new KvError(
    'KV_BAD_REQUEST',
    `${directory} holds a backup of another store (${before.storeId}, and this one is ${storeId}); nothing was changed; choose another directory`,
  )
}

export async function namesIn(fileSystem: FileSystem, path: string): Promise<string[]> {
  try {
    return await fileSystem.readDirectory(path)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return []
    throw error
  }
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}
