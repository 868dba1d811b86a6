import { corruptStore } from '../corrupt-store.ts'
import { systemErrorCode } from '../errors.ts'
import type { FileSystem } from '../file-system/file-system.ts'

/** The names in a folder that every store has. Throws `KV_CORRUPT_STORE` when there is none. */
export async function listFolder(
  fileSystem: FileSystem,
  directory: string,
  folder: string,
): Promise<string[]> {
  try {
    return await fileSystem.readDirectory(`${directory}/${folder}`)
  } catch (error) {
    throw systemErrorCode(error) === 'ENOENT' ? corruptStore(folder, 'missing', error) : error
  }
}
