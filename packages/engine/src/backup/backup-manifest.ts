/**
 * `BACKUP`, the manifest of a backup: which files make it, and what each of them must be. The layout is that of
 * MANIFEST (`checked-json.ts`). It is replaced in one step once all that it names is durable, so a directory always
 * holds one whole backup: the last one that was finished.
 *
 * A file of the store is kept under its path in the store, a dot, and the generation that copied it:
 * `log/0000000000000001.data.3`. No generation writes to a file of another one, and an incremental backup names the
 * files of those before it. Whatever `BACKUP` does not name is what an interrupted backup has left.
 *
 * The checksum is SHA-256: it tells a file from any other, where the CRC-32 of the store's own layouts only has to find
 * bytes that have rotted, and everybody has a tool that computes it.
 */
import { decodeCheckedJson, encodeCheckedJson } from '../checked-json.ts'
import { logDirectoryName, manifestFileName, mergeDirectoryName } from '../file-names.ts'
import type { LogPosition } from '../frame.ts'

export const backupManifestFileName = 'BACKUP'
export const backupFormatVersion = 1

/** A file of the store, as the backup keeps it. */
export interface BackupFile {
  /** Below the data directory. */
  readonly path: string
  /** Number of the backup that copied it. */
  readonly generation: number
  readonly bytes: number
  /** In hexadecimal. */
  readonly sha256: string
}

export interface BackupManifest {
  readonly formatVersion: number
  /** The store it was made of. */
  readonly storeId: string
  /** Counts the backups in one directory, from 1. */
  readonly generation: number
  /** ms since the epoch. */
  readonly takenAt: number
  /** Where the log ends in it. */
  readonly end: LogPosition
  readonly files: readonly BackupFile[]
}

/** Where a file stands in the directory of the backup. */
export function storedPath({ path, generation }: Pick<BackupFile, 'path' | 'generation'>): string {
  return `${path}.${generation}`
}

const folders: readonly string[] = [logDirectoryName, mergeDirectoryName]
const dataFilePattern = /^(log|data)\/[0-9]{16}\.(data|hint)$/
const storedNamePattern = /^(?:[0-9]{16}\.(?:data|hint)|MANIFEST)\.[1-9][0-9]{0,15}$/
const sha256Pattern = /^[0-9a-f]{64}$/

/** The folders of a backup, and of a store, that hold its files. */
export const backupFolders: readonly string[] = folders

/** Whether a backup may have written a file of this name, in its directory or in one of its folders. */
export function isStoredName(name: string): boolean {
  return storedNamePattern.test(name)
}

export function encodeBackupManifest(manifest: BackupManifest): Buffer {
  return encodeCheckedJson(manifest)
}

/** What is wrong with a manifest, or the manifest itself. */
export function decodeBackupManifest(bytes: Buffer): BackupManifest | string {
  const value = decodeCheckedJson(bytes)
  if (!isObject(value)) return 'unreadable'
  const { formatVersion, storeId, generation, takenAt, end, files } = value
  if (!isCount(formatVersion)) return 'unreadable'
  if (formatVersion > backupFormatVersion) {
    return `format version ${formatVersion}, and this program reads up to ${backupFormatVersion}`
  }
  if (typeof storeId !== 'string' || !isObject(end) || !Array.isArray(files)) return 'unreadable'
  const { index, term, chain } = end
  if (![generation, takenAt, index, term, chain].every(isCount)) return 'unreadable'
  const decoded: BackupFile[] = []
  for (const file of files) {
    const fault = faultOf(file, generation as number)
    if (fault !== undefined) return fault
    const { path, generation: copiedBy, bytes, sha256 } = file as BackupFile
    decoded.push({ path, generation: copiedBy, bytes, sha256 })
  }
  return (
    faultTogether(decoded) ?? {
      formatVersion,
      storeId,
      generation: generation as number,
      takenAt: takenAt as number,
      end: { index, term, chain } as LogPosition,
      files: decoded,
    }
  )
}

/** The last segment of the log in it, which a restored store goes on writing to. */
export function lastSegment({ files }: BackupManifest): BackupFile {
  const segments = files.filter(isLogSegment).sort((a, b) => (a.path < b.path ? -1 : 1))
  return segments.at(-1)!
}

function isLogSegment({ path }: BackupFile): boolean {
  return path.startsWith(`${logDirectoryName}/`) && path.endsWith('.data')
}

function faultOf(file: unknown, generationMax: number): string | undefined {
  if (!isObject(file)) return 'unreadable'
  const { path, generation, bytes, sha256 } = file
  if (typeof path !== 'string') return 'unreadable'
  if (path !== manifestFileName && !dataFilePattern.test(path)) {
    return `it names a file that no store has: ${JSON.stringify(path.slice(0, 80))}`
  }
  if (!isCount(generation) || generation < 1 || generation > generationMax) return 'unreadable'
  if (!isCount(bytes) || typeof sha256 !== 'string' || !sha256Pattern.test(sha256)) {
    return 'unreadable'
  }
  return undefined
}

function faultTogether(files: readonly BackupFile[]): string | undefined {
  const paths = new Set(files.map(({ path }) => path))
  if (paths.size !== files.length) return 'it names a file twice'
  if (!paths.has(manifestFileName)) return `it names no ${manifestFileName}`
  if (!files.some(isLogSegment)) return 'it names no log segment'
  return undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
