import { readFile, realpath } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, release, type as systemType, totalmem } from 'node:os'
import type { Machine } from './results/run-file.ts'

/** What a run file says of the machine; the file system is that of `directory`. */
export async function describeMachine(directory: string): Promise<Machine> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    system: await systemName(),
    kernel: release(),
    fileSystem: fileSystemOf(await realpath(directory), mounts),
    node: process.versions.node,
    loadAverage: Math.round(loadavg()[0]! * 100) / 100,
  }
}

/** As os-release(5) has it. */
async function systemName(): Promise<string> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? systemType()
}

/**
 * The type of the mount that `path` is under, from the text of /proc/self/mountinfo (proc(5)): column 5 is where it
 * is mounted, and the type stands behind a column of its own, `-`. Of mounts on the same place the last one counts.
 */
export function fileSystemOf(path: string, mountinfo: string): string {
  let found = { place: '', type: 'unknown' }
  for (const line of mountinfo.split('\n')) {
    const columns = line.split(' ')
    const place = unescaped(columns[4] ?? '')
    const type = columns[columns.indexOf('-') + 1]
    if (type === undefined || !isUnder(path, place)) continue
    if (place.length >= found.place.length) found = { place, type }
  }
  return found.type
}

function isUnder(path: string, place: string): boolean {
  return place === '/' || path === place || (place !== '' && path.startsWith(`${place}/`))
}

/** Blanks are written in octal. */
function unescaped(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  )
}
