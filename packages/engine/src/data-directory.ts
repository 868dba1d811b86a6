import { directoryError } from './directory-error.ts'
import { KvError } from './errors.ts'
import {
  type DirectoryLock,
  DirectoryLockedError,
  type DirectoryUse,
  type FileSystem,
} from './file-system/file-system.ts'
import {
  makeDirectoryIfMissing,
  refuseForeignFiles,
  refuseMissingStore,
} from './recovery/create-store.ts'

/** What every failure to open says was done. */
export const notOpened = 'the store was not opened'

/**
 * Takes a data directory: for writing one that is made if it is not there, for reading that of a store only. Throws
 * KV_LOCKED, and KV_BAD_REQUEST for one that cannot be used, that holds other files, or no store to read.
 */
export async function takeDataDirectory(
  fileSystem: FileSystem,
  directory: string,
  use: DirectoryUse,
): Promise<DirectoryLock> {
  try {
    if (use === 'write') {
      await makeDirectoryIfMissing(fileSystem, directory)
      await refuseForeignFiles(fileSystem, directory)
    } else {
      await refuseMissingStore(fileSystem, directory)
    }
    return await fileSystem.lockDirectory(directory, use)
  } catch (error) {
    if (error instanceof DirectoryLockedError) throw locked(directory, error)
    throw directoryError(error, directory, notOpened)
  }
}

/** What callers get for a directory that another store holds. */
export function locked(directory: string, cause: DirectoryLockedError): KvError {
  return new KvError(
    'KV_LOCKED',
    `${directory} is in use by ${cause.holder}; nothing was changed; stop that one, or choose another directory`,
    { cause },
  )
}
