/** A memory limit for a process of the bench: a control group of its own (cgroups(7)), version 1 or 2. Linux, root. */
import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const defaultRoot = '/sys/fs/cgroup'
const prefix = 'kv-bench-'
const removeTriesMax = 100

export type CgroupAvailability =
  | { readonly available: true; readonly version: 1 | 2 }
  | { readonly available: false; readonly reason: string }

export interface MemoryCgroup {
  /** A process that writes its pid there is in the group; what it and its children take from then on counts. */
  readonly processesFile: string
  /** Once its processes have ended. */
  remove(): Promise<void>
}

export function memoryCgroupAvailable(root: string = defaultRoot): CgroupAvailability {
  if (process.platform !== 'linux') return { available: false, reason: 'needs Linux' }
  const version = versionAt(root)
  if (version === undefined) {
    return { available: false, reason: `there is no memory controller under ${root}` }
  }
  try {
    accessSync(parentOf(root, version), constants.W_OK)
  } catch {
    return { available: false, reason: `needs root: ${parentOf(root, version)} is not writable` }
  }
  return { available: true, version }
}

/** Throws with the reason when there cannot be one. */
export async function createMemoryCgroup(
  limitBytes: number,
  root: string = defaultRoot,
): Promise<MemoryCgroup> {
  const availability = memoryCgroupAvailable(root)
  if (!availability.available) throw new Error(availability.reason)
  const { version } = availability
  const parent = parentOf(root, version)
  await sweep(parent)
  const folder = join(parent, `${prefix}${process.pid}`)
  if (version === 2) await enableMemory(root)
  await mkdir(folder, { recursive: true })
  const limitFile = version === 1 ? 'memory.limit_in_bytes' : 'memory.max'
  await writeFile(join(folder, limitFile), `${limitBytes}`)
  return {
    processesFile: join(folder, 'cgroup.procs'),
    remove: () => removeGroup(folder),
  }
}

/** Removes what runs left that were killed. */
async function sweep(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix) || existsSync(`/proc/${name.slice(prefix.length)}`)) continue
    await rmdir(join(parent, name)).catch(() => undefined)
  }
}

function versionAt(root: string): 1 | 2 | undefined {
  const controllers = join(root, 'cgroup.controllers')
  if (existsSync(controllers) && /\bmemory\b/.test(readFileSync(controllers, 'utf8'))) return 2
  return existsSync(join(root, 'memory', 'memory.limit_in_bytes')) ? 1 : undefined
}

function parentOf(root: string, version: 1 | 2): string {
  return version === 1 ? join(root, 'memory') : root
}

/** Version 2 gives children a controller only when their parent says so. */
async function enableMemory(root: string): Promise<void> {
  await writeFile(join(root, 'cgroup.subtree_control'), '+memory')
}

/** The kernel lets go of an ended process a little later. */
async function removeGroup(folder: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await rmdir(folder)
      return
    } catch (error) {
      if (tries === removeTriesMax) throw error
      await delay(20)
    }
  }
}
