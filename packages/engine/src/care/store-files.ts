/** The files of a data directory that say which others count, as they are found. */
import { crc32 } from '../crc32.ts'
import { systemErrorCode } from '../errors.ts'
import {
  logDirectoryName,
  manifestFileName,
  marksFileName,
  mergeDirectoryName,
  nodeFileName,
  parseSegmentFileName,
} from '../file-names.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { formatVersion } from '../format-version.ts'
import { decodeManifest, type Manifest } from '../manifest.ts'
import { lastMark, type Mark, markBytes, markSlots, marksIn } from '../mark.ts'
import { decodeNodeFile, type NodeIdentity } from '../node-file.ts'
import { readWholeFile } from '../small-file.ts'
import { refused } from './care-lock.ts'
import type { Findings } from './findings.ts'
import type { Pace } from './pace.ts'

export interface StoreFiles {
  /** Undefined when it is damaged or missing. */
  readonly identity: NodeIdentity | undefined
  /** Undefined when it is damaged or missing. */
  readonly manifest: Manifest | undefined
  readonly manifestCrc: number
  /** The last one. */
  readonly mark: Mark | undefined
  /** All good ones. */
  readonly marks: readonly Mark[]
  /** First indices of the log segments there are, in order. */
  readonly segments: readonly number[]
  /** Ids of the merge outputs there are, in order. */
  readonly outputs: readonly number[]
}

/**
 * Reads them, and notes what is wrong with them.
 *
 * @throws KvError KV_BAD_REQUEST when there is nothing of a store.
 */
export async function readStoreFiles(
  fileSystem: FileSystem,
  directory: string,
  pace: Pace,
  findings: Findings,
  undone: string,
): Promise<StoreFiles> {
  const read = (name: string): Promise<Buffer | undefined> =>
    readSmallFile(fileSystem, directory, name, pace, findings)
  const list = (folder: string): Promise<number[] | undefined> =>
    listIds(fileSystem, directory, folder)
  const segments = await list(logDirectoryName)
  const outputs = await list(mergeDirectoryName)
  const names = await fileSystem.readDirectory(directory)
  const isStore = names.includes(nodeFileName) || segments?.length || outputs?.length
  if (!isStore) {
    throw refused(`${directory} holds no store; ${undone}; name the data directory of one`)
  }
  for (const [folder, ids] of [
    [logDirectoryName, segments],
    [mergeDirectoryName, outputs],
  ] as const) {
    if (ids === undefined) findings.corruption(folder, 0, 'missing')
  }
  const node = await read(nodeFileName)
  const identity = node === undefined ? undefined : decodeNodeFile(node)
  if (node !== undefined) noteUnusable(findings, nodeFileName, identity)
  const encodedManifest = await read(manifestFileName)
  const manifest = encodedManifest === undefined ? undefined : decodeManifest(encodedManifest)
  if (encodedManifest !== undefined) noteUnusable(findings, manifestFileName, manifest)
  const encodedMarks = await read(marksFileName)
  if (encodedMarks !== undefined) checkMarks(findings, encodedMarks)
  return {
    identity,
    manifest,
    manifestCrc:
      encodedManifest === undefined ? 0 : crc32(encodedManifest, 0, encodedManifest.length),
    mark: encodedMarks === undefined ? undefined : lastMark(encodedMarks),
    marks: encodedMarks === undefined ? [] : marksIn(encodedMarks),
    segments: segments ?? [],
    outputs: outputs ?? [],
  }
}

async function readSmallFile(
  fileSystem: FileSystem,
  directory: string,
  name: string,
  pace: Pace,
  findings: Findings,
): Promise<Buffer | undefined> {
  pace.begin(name)
  try {
    const bytes = await readWholeFile(fileSystem, `${directory}/${name}`)
    if (bytes === undefined) {
      findings.corruption(name, 0, 'missing')
      return undefined
    }
    findings.filesChecked++
    findings.bytesChecked += bytes.length
    await pace.spend(bytes.length)
    return bytes
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === undefined || code === 'EMFILE' || code === 'ENFILE') throw error
    findings.corruption(name, 0, `it cannot be read (${code})`)
    return undefined
  }
}

function noteUnusable(
  findings: Findings,
  name: string,
  content: { readonly formatVersion: number } | undefined,
): void {
  if (content === undefined) findings.corruption(name, 0, 'unreadable')
  else if (content.formatVersion > formatVersion) {
    const versions = `format version ${content.formatVersion}, this program reads up to ${formatVersion}`
    findings.corruption(name, 0, `${versions}; use the newer program`)
  }
}

/** One that is bad weakens the evidence that recovery has; without any the store does not open. */
function checkMarks(findings: Findings, content: Buffer): void {
  const last = lastMark(content)
  if (last === undefined) {
    findings.corruption(marksFileName, 0, 'no valid mark')
    return
  }
  if (content.length !== markSlots * markBytes) {
    const what = `${content.length} bytes long instead of ${markSlots * markBytes}; the last mark is there`
    findings.add('shortcut', marksFileName, 0, what)
  }
  const good = new Set(marksIn(content).map(({ at }) => at))
  for (let at = 0; at + markBytes <= content.length; at += markBytes) {
    const slot = content.subarray(at, at + markBytes)
    if (good.has(at) || slot.every((byte) => byte === 0)) continue
    findings.add('shortcut', marksFileName, at, 'a bad mark; others tell what it told')
  }
}

async function listIds(
  fileSystem: FileSystem,
  directory: string,
  folder: string,
): Promise<number[] | undefined> {
  try {
    const names = await fileSystem.readDirectory(`${directory}/${folder}`)
    return names.flatMap((name) => parseSegmentFileName(name) ?? []).sort((a, b) => a - b)
  } catch (error) {
    const code = systemErrorCode(error)
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
