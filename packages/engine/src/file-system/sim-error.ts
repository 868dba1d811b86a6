const meanings = {
  EBADF: 'bad file descriptor',
  EEXIST: 'file already exists',
  EINVAL: 'invalid argument',
  EIO: 'i/o error',
  EISDIR: 'illegal operation on a directory',
  EMFILE: 'too many open files',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  ENOTEMPTY: 'directory not empty',
} as const

/** An error as Node's file system functions throw it. */
export function systemError(
  code: keyof typeof meanings,
  syscall: string,
  path: string,
): NodeJS.ErrnoException {
  const error = new Error(`${code}: ${meanings[code]}, ${syscall} '${path}'`)
  return Object.assign(error, { code, syscall, path })
}

/** The power is off: nothing can be asked of this file system any more but what `crash()` leaves. */
export class SimPowerCut extends Error {
  override readonly name = 'SimPowerCut'
}
