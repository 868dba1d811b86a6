import { locked } from '../data-directory.ts'
import { diskError } from '../disk-error.ts'
import { KvError, systemErrorCode } from '../errors.ts'
import {
  type DirectoryLock,
  DirectoryLockedError,
  type FileSystem,
} from '../file-system/file-system.ts'

/**
 * Runs `use` while no store can open the directory, and leaves every name in it as it was.
 *
 * @throws KvError KV_LOCKED while a store holds it, KV_BAD_REQUEST when there is no such directory or it cannot be
 * locked, and as {@link diskError}.
 */
export async function withCareLock<T>(
  fileSystem: FileSystem,
  directory: string,
  undone: string,
  use: () => Promise<T>,
): Promise<T> {
  const lock = await takeLock(fileSystem, directory, undone)
  // Neither timers nor the lock keep a process alive.
  const alive = setInterval(() => undefined, 2 ** 30)
  try {
    return await use()
  } catch (error) {
    throw diskError(error, undone)
  } finally {
    clearInterval(alive)
    await lock.release()
  }
}

async function takeLock(
  fileSystem: FileSystem,
  directory: string,
  undone: string,
): Promise<DirectoryLock> {
  try {
    return await fileSystem.lockDirectory(directory, 'read')
  } catch (error) {
    if (error instanceof DirectoryLockedError) throw locked(directory, error)
    const code = systemErrorCode(error)
    switch (code) {
      case 'EROFS':
        // Nobody can open a store for writing there.
        return { release: async () => undefined }
      case 'ENOENT':
      case 'ENOTDIR':
        throw refused(`${directory} is no directory; ${undone}; name the data directory of a store`)
      case 'EACCES':
      case 'EPERM':
        throw refused(
          `${directory} cannot be locked (${code}); ${undone}; run this as the user of the store`,
        )
      default:
        throw diskError(error, undone)
    }
  }
}

export function refused(message: string): KvError {
  return new KvError('KV_BAD_REQUEST', message)
}
