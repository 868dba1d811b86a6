import { rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** Where the stores of one workload live while they are measured. */
export interface StoresDirectory {
  readonly path: string
  remove(): Promise<void>
}

const removal = { recursive: true, force: true, maxRetries: 10 } as const

/** Makes it under `root`. It is removed at the latest when this process exits, by a signal too (main.ts). */
export async function makeStoresDirectory(
  root: string,
  workload: string,
): Promise<StoresDirectory> {
  const path = await mkdtemp(join(root, `kv-bench-${workload}-`))
  const removeNow = (): void => rmSync(path, removal)
  process.once('exit', removeNow)
  return {
    path,
    async remove() {
      await rm(path, removal)
      process.off('exit', removeNow)
    },
  }
}
