import { KvError, systemErrorCode } from './errors.ts'

/**
 * What callers get for an error of the disk that has ended one thing and changed nothing: `undone` says what
 * was not done. Undefined when the error is none that passes.
 */
export function passingDiskError(error: unknown, undone: string): KvError | undefined {
  switch (systemErrorCode(error)) {
    case 'ENOSPC':
      return new KvError('KV_DISK_FULL', `the disk is full; ${undone}; free space and try again`, {
        cause: error,
      })
    case 'EMFILE':
    case 'ENFILE':
      return new KvError('KV_TRY_LATER', `no file descriptor is free; ${undone}; try again`, {
        cause: error,
        details: { retryAfterMs: 50 },
      })
    default:
      return undefined
  }
}

/** As {@link passingDiskError}, and for an error that does not pass as well. Any other is given back as it is. */
export function diskError(error: unknown, undone: string): unknown {
  if (systemErrorCode(error) !== 'EIO') return passingDiskError(error, undone) ?? error
  return new KvError('KV_STORAGE_FAILED', `the disk failed; ${undone}; see to the disk`, {
    cause: error,
  })
}
