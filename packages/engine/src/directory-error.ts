import { diskError } from './disk-error.ts'
import { KvError, systemErrorCode } from './errors.ts'
import { parentOf } from './recovery/create-store.ts'

/** What is the matter with a directory, and what to do. */
interface Reason {
  readonly what: string
  readonly advice: string
}

const noPermission: Reason = {
  what: 'there is no permission',
  advice: 'give this user the right to, or choose another directory',
}

/** What callers get for an error of a disk, or of a directory that cannot be used; any other is given back as it is. */
export function directoryError(error: unknown, directory: string, undone: string): unknown {
  const reason = reasonOf(systemErrorCode(error), directory)
  if (reason === undefined) return diskError(error, undone)
  return new KvError(
    'KV_BAD_REQUEST',
    `${directory} cannot be used: ${reason.what}; ${undone}; ${reason.advice}`,
    { cause: error },
  )
}

function reasonOf(code: string | undefined, directory: string): Reason | undefined {
  const advice = 'choose another directory'
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return noPermission
    case 'EROFS':
      return { what: 'it is on a disk that is mounted read-only', advice }
    case 'ENOENT':
      return {
        what: `the system finds no directory ${parentOf(directory)} to make it in`,
        advice: 'make its parent first, or choose another directory',
      }
    case 'ENOTDIR':
      return { what: 'it, or what should be a directory on the way to it, is a file', advice }
    case 'ELOOP':
      return { what: 'a symbolic link stands where a file or a folder should', advice }
    case 'ENAMETOOLONG':
      return { what: 'its path is too long', advice }
    default:
      return undefined
  }
}
