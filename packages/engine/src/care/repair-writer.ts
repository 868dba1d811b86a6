/**
 * Writes a store anew: its records as merge outputs in key order, an empty log behind them. NODE is written last, so that
 * what was not finished is no store.
 */
import { crc32 } from '../crc32.ts'
import {
  logDirectoryName,
  manifestFileName,
  marksFileName,
  mergeDirectoryName,
  nodeFileName,
  segmentFileName,
} from '../file-names.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { formatVersion } from '../format-version.ts'
import { encodeManifest, type ManifestFile } from '../manifest.ts'
import { encodeMark, markBytes, markPosition, markSlots } from '../mark.ts'
import { createIdentity, encodeNodeFile, type NodeIdentity } from '../node-file.ts'
import { makeDirectoryIfMissing, parentOf, writeNew } from '../recovery/create-store.ts'
import { encodeSegmentHeader, segmentHeaderBytes, segmentKind } from '../segment.ts'
import { replaceFile } from '../small-file.ts'

/** Makes the folders of the store. */
export async function beginStore(fileSystem: FileSystem, directory: string): Promise<void> {
  await makeDirectoryIfMissing(fileSystem, directory)
  await fileSystem.syncDirectory(parentOf(directory))
  for (const name of [logDirectoryName, mergeDirectoryName]) {
    await fileSystem.makeDirectory(`${directory}/${name}`)
  }
}

/** Completes a store whose records are in `files`; its next version is `version` + 1. */
export async function completeStore(
  fileSystem: FileSystem,
  directory: string,
  files: readonly ManifestFile[],
  version: number,
  term: number,
  source: NodeIdentity | undefined,
): Promise<void> {
  // Another directory is another store, of the same node.
  const { storeId, ...created } = createIdentity()
  const { clusterId, nodeId } = source ?? created
  const identity = { formatVersion, clusterId, nodeId, storeId }
  const id = Buffer.from(storeId)
  // Equal chains mean equal histories, and this history is nobody else's.
  const logStart = { index: version + 1, term, chain: crc32(id, 0, id.length) }
  const { index, chain } = logStart
  const logDirectory = `${directory}/${logDirectoryName}`
  const header = { kind: segmentKind.log, chainBefore: chain, firstIndex: index }
  const segment = `${logDirectory}/${segmentFileName(index)}`
  await writeNew(fileSystem, segment, encodeSegmentHeader(header))
  await fileSystem.syncDirectory(logDirectory)
  const marks = Buffer.alloc(markSlots * markBytes)
  const point = {
    index: version,
    term,
    commit: version,
    segment: index,
    offset: segmentHeaderBytes,
  }
  encodeMark({ seq: 1, ...point, chain }).copy(marks, markPosition(1))
  await writeNew(fileSystem, `${directory}/${marksFileName}`, marks)
  const nextId = files.reduce((next, file) => Math.max(next, file.id + 1), 1)
  const manifest = { formatVersion, files, logStart, mergedAt: version, nextId }
  await replaceFile(fileSystem, directory, manifestFileName, encodeManifest(manifest))
  await replaceFile(fileSystem, directory, nodeFileName, encodeNodeFile(identity))
}
