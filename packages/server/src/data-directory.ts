import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { StoreErrorCode } from '@kv/engine'
import { KvError } from '@kv/engine'
import { type ExitCode, exitCodes } from './exit-codes.ts'
import { StartError } from './start-error.ts'

const advice = 'nothing was changed; choose another --data-dir'

/** Errors of the system that are about the directory, and not about the disk. */
const unusableCodes: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'ENAMETOOLONG',
])

const exitCodeOf: Partial<Record<StoreErrorCode, ExitCode>> = {
  KV_LOCKED: exitCodes.locked,
  KV_CORRUPT_STORE: exitCodes.damagedData,
  KV_CORRUPT_RECORD: exitCodes.damagedData,
  KV_BAD_REQUEST: exitCodes.dataDirectory,
}

/**
 * Looks whether a store can be opened or created at `path`, and changes nothing. Throws StartError where a person
 * can be told more than the system call that would fail later.
 */
export async function checkDataDirectory(path: string): Promise<void> {
  const type = await typeOf(path)
  if (type === 'other') throw unusable(`${path} is not a directory; ${advice}`)
  if (type === 'directory') return checkAccess(path, path)
  const parent = dirname(resolve(path))
  const parentType = await typeOf(parent)
  if (parentType === 'missing') {
    throw unusable(
      `${path} cannot be created, because ${parent} does not exist; nothing was changed; create it, or choose another --data-dir`,
    )
  }
  if (parentType === 'other') {
    throw unusable(`${path} cannot be created, because ${parent} is not a directory; ${advice}`)
  }
  await checkAccess(parent, path)
}

/** What a failed Store.open means to the person who started the server. */
export function openError(error: unknown, path: string): StartError {
  // A directory that the store refuses has the error of the system behind it; here it is said of its flag.
  const isRefusal = error instanceof KvError && error.code === 'KV_BAD_REQUEST'
  const code = systemCode(isRefusal ? error.cause : error)
  if (code !== undefined && unusableCodes.has(code)) {
    return unusable(`${path} cannot be used (${code}); ${advice}`, error)
  }
  if (error instanceof KvError) {
    return new StartError(exitCodeOf[error.code] ?? exitCodes.disk, error.message, { cause: error })
  }
  if (code === undefined) throw error
  return new StartError(
    exitCodes.disk,
    `${path} cannot be opened, the disk failed (${code}); see to the disk and start again`,
    { cause: error },
  )
}

async function typeOf(path: string): Promise<'directory' | 'other' | 'missing'> {
  try {
    return (await stat(path)).isDirectory() ? 'directory' : 'other'
  } catch (error) {
    const code = systemCode(error)
    if (code === 'ENOENT') return 'missing'
    if (code === 'ENOTDIR') return 'missing'
    throw openError(error, path)
  }
}

async function checkAccess(directory: string, path: string): Promise<void> {
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch (cause) {
    const what =
      directory === path
        ? `${path} is not writable`
        : `${path} cannot be created, because ${directory} is not writable`
    throw unusable(
      `${what} (${systemCode(cause) ?? 'unknown error'}); nothing was changed; give this user the right to, or choose another --data-dir`,
      cause,
    )
  }
}

function unusable(message: string, cause?: unknown): StartError {
  return new StartError(exitCodes.dataDirectory, message, { cause })
}

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
