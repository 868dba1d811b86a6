import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

const blockBytes = 512

/** What a directory takes on the disk, as `du` counts: allocated blocks. Files that vanish meanwhile count nothing. */
export async function directoryBytes(directory: string): Promise<number> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ blocks }) => blocks * blockBytes,
        () => 0,
      ),
    )
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0)
}
