/** Files that are read and replaced as a whole. */
import { systemErrorCode } from './errors.ts'
import { temporarySuffix } from './file-names.ts'
import type { FileSystem } from './file-system/file-system.ts'
import { readFully, writeFully } from './file-system/transfer.ts'

/** The whole content of a small file, or undefined when there is no such file. */
export async function readWholeFile(
  fileSystem: FileSystem,
  path: string,
): Promise<Buffer | undefined> {
  const file = await fileSystem.openForReading(path).catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined
    throw error
  })
  if (file === undefined) return undefined
  try {
    const bytes = Buffer.alloc(await file.size())
    return bytes.subarray(0, await readFully(file, bytes, 0))
  } finally {
    await file.close()
  }
}

/**
 * Puts `bytes` under `directory/name` in one step: a crash leaves the old content or the new. Durable once
 * this resolves. A failure before the rename has changed nothing; `onRename` is called once that no longer
 * holds.
 */
export async function replaceFile(
  fileSystem: FileSystem,
  directory: string,
  name: string,
  bytes: Uint8Array,
  onRename: () => void = () => undefined,
): Promise<void> {
  const path = `${directory}/${name}`
  const temporaryPath = path + temporarySuffix
  await removeIfThere(fileSystem, temporaryPath)
  const file = await fileSystem.createFile(temporaryPath)
  try {
    await writeFully(file, bytes, 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await fileSystem.rename(temporaryPath, path).catch((error: unknown) => {
    // Without room it has changed nothing; after any other error that is unknown.
    if (systemErrorCode(error) !== 'ENOSPC') onRename()
    throw error
  })
  onRename()
  await fileSystem.syncDirectory(directory)
}

export async function removeIfThere(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.unlink(path)
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error
  }
}
