/**
 * MANIFEST: which merge outputs count, and where the log starts. Replaced atomically, which makes a merge's
 * swap one step: files that it does not name, and log segments wholly before `logStart`, do not exist.
 */
import { decodeCheckedJson, encodeCheckedJson } from './checked-json.ts'
import { formatVersion } from './format-version.ts'
import { type LogPosition, logOrigin } from './frame.ts'

/** A merge output. */
export interface ManifestFile {
  /** Never used twice. */
  readonly id: number
  /** Length of the whole file in bytes. */
  readonly bytes: number
  readonly records: number
  /** Of these, the bytes of tombstones. */
  readonly tombstoneBytes: number
  readonly lowestIndex: number
  readonly highestIndex: number
  readonly lowestKey: Buffer
  readonly highestKey: Buffer
  /** CRC of its footer: names the content. */
  readonly footerCrc: number
}

export interface Manifest {
  readonly formatVersion: number
  readonly files: readonly ManifestFile[]
  /** Where the first log segment starts. */
  readonly logStart: LogPosition
  /**
   * The applied index when a merge last judged which records live. The records it dropped were dead because
   * of others up to here: no state before it can be rebuilt, so a log that ends before it is damaged.
   */
  readonly mergedAt: number
  /** Id of the next merge output. */
  readonly nextId: number
}

export const emptyManifest: Manifest = {
  formatVersion,
  files: [],
  logStart: logOrigin,
  mergedAt: 0,
  nextId: 1,
}

export function encodeManifest(manifest: Manifest): Buffer {
  return encodeCheckedJson({
    ...manifest,
    files: manifest.files.map((file) => ({
      ...file,
      lowestKey: file.lowestKey.toString('base64'),
      highestKey: file.highestKey.toString('base64'),
    })),
  })
}

/** Undefined when the bytes are damaged. */
export function decodeManifest(bytes: Buffer): Manifest | undefined {
  const value = decodeCheckedJson(bytes)
  if (!isObject(value)) return undefined
  const { files, logStart } = value
  if (!isObject(logStart) || !Array.isArray(files)) return undefined
  const decodedFiles = files.map(decodeFile)
  const manifest = {
    formatVersion: value['formatVersion'],
    files: decodedFiles,
    logStart: { index: logStart['index'], term: logStart['term'], chain: logStart['chain'] },
    mergedAt: value['mergedAt'],
    nextId: value['nextId'],
  }
  const counts = [
    manifest.formatVersion,
    manifest.mergedAt,
    manifest.nextId,
    ...Object.values(manifest.logStart),
  ]
  if (!counts.every(isCount) || decodedFiles.includes(undefined)) return undefined
  return manifest as Manifest
}

function decodeFile(value: unknown): ManifestFile | undefined {
  if (!isObject(value)) return undefined
  const { id, bytes, records, lowestIndex, highestIndex, lowestKey, highestKey, footerCrc } = value
  // Left out by stores that were written before it was counted.
  const tombstoneBytes = value['tombstoneBytes'] ?? 0
  const counts = [id, bytes, records, tombstoneBytes, lowestIndex, highestIndex, footerCrc]
  if (!counts.every(isCount)) return undefined
  if (typeof lowestKey !== 'string' || typeof highestKey !== 'string') return undefined
  return {
    id,
    bytes,
    records,
    tombstoneBytes,
    lowestIndex,
    highestIndex,
    footerCrc,
    lowestKey: Buffer.from(lowestKey, 'base64'),
    highestKey: Buffer.from(highestKey, 'base64'),
  } as ManifestFile
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
