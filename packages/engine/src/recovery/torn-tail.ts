/** The end of the log after a crash: what is torn is cut, what is doubtful is written again. */

import { systemErrorCode } from '../errors.ts'
import { logDirectoryName, lostDirectoryName, lostFileName } from '../file-names.ts'
import type { FileSystem, ReadableFile, WritableFile } from '../file-system/file-system.ts'
import { readFully, writeFully } from '../file-system/transfer.ts'
import type { Logger } from '../logger.ts'
import type { Mark } from '../mark.ts'
import { bytesBeforePrepared, preparedBytesMax } from '../prepared-space.ts'
import { segmentHeaderBytes } from '../segment.ts'

const chunkBytes = 1024 * 1024
/** Bounds of `lost/`: what is cut beyond them is not kept. */
const lostFilesMax = 16
const lostBytesMax = 64 * 1024 * 1024

/** Length of the torn tail in bytes [`from`, `fileBytes`) of the active segment, which prepared space may follow. */
export async function tornTailBytes(
  handle: ReadableFile,
  from: number,
  fileBytes: number,
): Promise<number> {
  const tailAt = Math.max(from, fileBytes - preparedBytesMax)
  const tail = Buffer.alloc(Math.max(0, fileBytes - tailAt))
  await readFully(handle, tail, tailAt)
  return tailAt + bytesBeforePrepared(tail) - from
}

/**
 * Cuts what stands in [`from`, `fileBytes`) of the active segment: a torn tail, of which no mark says that it was ever
 * durable, and prepared space. A copy of the torn tail goes to `lost/` first, unless it is all zeros. Returns its length
 * in bytes.
 */
export async function cutTornTail(
  fileSystem: FileSystem,
  directory: string,
  segment: number,
  handle: WritableFile,
  from: number,
  fileBytes: number,
  logger: Logger,
): Promise<number> {
  if (fileBytes <= from) return 0
  const bytes = await tornTailBytes(handle, from, fileBytes)
  const tail = Buffer.alloc(Math.min(bytes, lostBytesMax))
  await readFully(handle, tail, from)
  const hasContent = tail.some((byte) => byte !== 0)
  const isKept = hasContent && (await keepLost(fileSystem, directory, segment, from, tail, logger))
  await handle.truncate(from)
  await handle.sync()
  if (bytes > 0) {
    const copy = isKept ? 'a copy is in lost/' : 'there is no copy'
    logger.warn(
      { segment: `${logDirectoryName}/${segment}`, from, bytes },
      `cut the bytes behind the last good frame: no mark says that they were ever durable; ${copy}`,
    )
  }
  return bytes
}

/**
 * Writes the bytes between the last mark and the end of the log in place again, and syncs them. After a sync
 * that failed, Linux shows bytes in the page cache that are not on the disk and believes them clean: only
 * writing them anew makes them count (Rebello et al., ATC 2020).
 */
export async function rewriteDoubtfulTail(
  handle: WritableFile,
  segment: number,
  end: number,
  mark: Mark,
): Promise<void> {
  const from = mark.segment === segment ? mark.offset : segmentHeaderBytes
  const chunk = Buffer.alloc(Math.min(chunkBytes, Math.max(0, end - from)))
  for (let at = from; at < end; at += chunk.length) {
    const part = chunk.subarray(0, Math.min(chunk.length, end - at))
    await readFully(handle, part, at)
    await writeFully(handle, part, at)
  }
  await handle.sync()
}

/** Keeps a copy. False when the disk has no room for it: it is a courtesy, and the cut is right all the same. */
async function keepLost(
  fileSystem: FileSystem,
  directory: string,
  segment: number,
  offset: number,
  bytes: Buffer,
  logger: Logger,
): Promise<boolean> {
  try {
    await writeLost(fileSystem, directory, segment, offset, bytes)
    return true
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOSPC') throw error
    logger.warn({ err: error }, 'no room to keep a copy of the torn tail')
    return false
  }
}

async function writeLost(
  fileSystem: FileSystem,
  directory: string,
  segment: number,
  offset: number,
  bytes: Buffer,
): Promise<void> {
  const folder = `${directory}/${lostDirectoryName}`
  await fileSystem.makeDirectory(folder).catch((error: unknown) => {
    if (systemErrorCode(error) !== 'EEXIST') throw error
  })
  const names = (await fileSystem.readDirectory(folder)).sort()
  for (const name of names.slice(0, Math.max(0, names.length - lostFilesMax + 1))) {
    await fileSystem.unlink(`${folder}/${name}`)
  }
  let serial = 1
  while (names.includes(lostFileName(segment, offset, serial))) serial++
  const file = await fileSystem.createFile(`${folder}/${lostFileName(segment, offset, serial)}`)
  try {
    await writeFully(file, bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await fileSystem.syncDirectory(folder)
  await fileSystem.syncDirectory(directory)
}
