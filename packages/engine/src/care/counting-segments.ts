import type { DataFile } from '../data-file.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { readFully } from '../file-system/transfer.ts'
import { scanLog } from '../log-scan.ts'
import { decodeSegmentHeader, segmentHeaderBytes } from '../segment.ts'
import { openOrCode } from './care-context.ts'

/**
 * The log segments that count, as recovery sees it. One without a frame does not when another is behind it, or when the
 * one before it goes on behind its first index: a roll has failed there, after the segment had its name.
 */
export async function countingSegments(
  fileSystem: FileSystem,
  directory: string,
  segments: readonly DataFile[],
): Promise<readonly DataFile[]> {
  const counting: DataFile[] = []
  for (const [place, file] of segments.entries()) {
    const before = counting.at(-1)
    const isUnbegun =
      before !== undefined &&
      (await bytesOf(fileSystem, directory, file)) === segmentHeaderBytes &&
      (place < segments.length - 1 || (await goesOn(fileSystem, directory, before, file.id)))
    if (!isUnbegun) counting.push(file)
  }
  return counting
}

async function bytesOf(
  fileSystem: FileSystem,
  directory: string,
  { path }: DataFile,
): Promise<number | undefined> {
  const handle = await openOrCode(fileSystem, `${directory}/${path}`)
  if (typeof handle === 'string') return undefined
  try {
    return await handle.size()
  } finally {
    await handle.close()
  }
}

/** Whether the frames of a segment go on behind `index`. Not as far as it cannot be read. */
async function goesOn(
  fileSystem: FileSystem,
  directory: string,
  { id, path }: DataFile,
  index: number,
): Promise<boolean> {
  const handle = await openOrCode(fileSystem, `${directory}/${path}`)
  if (typeof handle === 'string') return false
  try {
    const bytes = Buffer.alloc(segmentHeaderBytes)
    const count = await readFully(handle, bytes, 0)
    const header = decodeSegmentHeader(bytes.subarray(0, count))
    if (header === undefined) return false
    const start = { index: id, term: 0, chain: header.chainBefore }
    const end = await scanLog(handle, await handle.size(), start, { record: () => undefined })
    return end.position.index > index
  } catch {
    return false
  } finally {
    await handle.close()
  }
}
