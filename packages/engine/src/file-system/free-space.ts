import { statfs } from 'node:fs/promises'
import type { FreeSpace } from './file-system.ts'

/** As `FileSystem.freeSpace`, of this machine. */
export async function freeSpace(path: string): Promise<FreeSpace> {
  const { bavail, blocks, bsize, files, ffree } = await statfs(path)
  // Some file systems make room for names as they come, and say so by counting none.
  return {
    bytes: bavail * bsize,
    totalBytes: blocks * bsize,
    files: files === 0 ? Number.POSITIVE_INFINITY : ffree,
  }
}
