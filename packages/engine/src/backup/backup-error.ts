import { diskError } from '../disk-error.ts'
import { KvError, systemErrorCode } from '../errors.ts'

/** A backup is not what it should be: `path`, below its directory, has `damage`. `damagedFiles` counts all of them. */
export function corruptBackup(
  path: string,
  damage: string,
  { cause, damagedFiles = 1 }: { readonly cause?: unknown; readonly damagedFiles?: number } = {},
): KvError {
  const others = damagedFiles > 1 ? `, and ${damagedFiles - 1} more` : ''
  return new KvError(
    'KV_CORRUPT_BACKUP',
    `the backup is damaged: ${path}: ${damage}${others}; the backup was not changed; use another one, or make a new one in another directory`,
    { details: { path, damage, damagedFiles }, ...(cause === undefined ? {} : { cause }) },
  )
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'there is no permission',
  EPERM: 'there is no permission',
  EROFS: 'it is on a disk that is mounted read-only',
  ENOENT: 'there is no such directory, and none above it to make it in',
  ENOTDIR: 'it, or what should be a directory on the way to it, is a file',
  ELOOP: 'a symbolic link stands where a file or a folder should',
  ENAMETOOLONG: 'its path is too long',
}

/** What callers get for an error of a disk, or of a directory that cannot be used; any other is given back as it is. */
export function targetError(error: unknown, directory: string, undone: string): unknown {
  const reason = reasons[systemErrorCode(error) ?? '']
  if (reason === undefined) return diskError(error, undone)
  return new KvError('KV_BAD_REQUEST', `${directory} cannot be used: ${reason}; ${undone}`, {
    cause: error,
  })
}
