import type { WritableFile } from '../../src/file-system/file-system.ts'
import type { CrashChoice } from '../../src/file-system/sim-crash.ts'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'

/** The power cuts that leave chance out. */
export const noNames: CrashChoice = { data: 'all', names: 'dropped' }
export const noData: CrashChoice = { data: 'none', names: 'kept' }
export const everything: CrashChoice = { data: 'all', names: 'kept' }

/** A disk with one synced file `/f`. */
export async function diskWithFile(
  text: string,
): Promise<{ disk: SimFileSystem; file: WritableFile }> {
  const disk = new SimFileSystem()
  const file = await disk.createFile('/f')
  await file.write(bytesOf(text), 0)
  await file.sync()
  await disk.syncDirectory('/')
  return { disk, file }
}

/** What is in `/f`. */
export function textIn(disk: SimFileSystem): string {
  return new TextDecoder().decode(disk.files().get('/f'))
}

export function namesIn(disk: SimFileSystem): string[] {
  return [...disk.files().keys()]
}

/** All files with their text, in one line. */
export function listing(disk: SimFileSystem): string {
  return [...disk.files()]
    .map(([path, bytes]) => `${path}=${new TextDecoder().decode(bytes)}`)
    .sort()
    .join(' ')
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
