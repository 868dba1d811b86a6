import { diskError } from './disk-error.ts'
import { KvError } from './errors.ts'
import {
  type DirectoryLock,
  DirectoryLockedError,
  type FileSystem,
} from './file-system/file-system.ts'
import { makeDirectoryIfMissing, refuseForeignFiles } from './recovery/create-store.ts'

/** What every failure to open says was done. */
export const notOpened = 'the store was not opened'

/** Takes a data directory, which is made if it is not there. Throws KV_LOCKED, and KV_BAD_REQUEST for one that holds other files. */
export async function takeDataDirectory(
  fileSystem: FileSystem,
  directory: string,
): Promise<DirectoryLock> {
  try {
    await makeDirectoryIfMissing(fileSystem, directory)
    await refuseForeignFiles(fileSystem, directory)
    return await fileSystem.lockDirectory(directory)
  } catch (error) {
    if (error instanceof DirectoryLockedError) throw locked(directory, error)
    throw diskError(error, notOpened)
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
