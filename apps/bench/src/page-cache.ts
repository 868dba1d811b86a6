import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * Drops the pages of a file from the page cache, so that the next read goes to the disk: GNU dd with
 * `iflag=nocache count=0` advises the system so for the whole file, and needs no root. Pages that are not yet on the
 * disk stay, so they are synced first.
 */
async function dropFromPageCache(file: string): Promise<void> {
  await run('dd', [`if=${file}`, `of=${file}`, 'conv=notrunc,fdatasync', 'count=0', 'status=none'])
  await run('dd', [`if=${file}`, 'iflag=nocache', 'count=0', 'status=none'])
}

/** Why it cannot be done here, if so. */
export function pageCacheObstacle(): string | undefined {
  return process.platform === 'linux' ? undefined : 'needs Linux and GNU dd'
}

/** Drops every file under `directory` from the page cache. */
export async function dropDirectoryFromPageCache(directory: string): Promise<void> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (entry.isFile()) await dropFromPageCache(join(entry.parentPath, entry.name))
  }
}
