import { readFile, stat } from 'node:fs/promises'

/**
 * How many reads the disk behind `path` has completed, of all processes together (column 4 of
 * /proc/diskstats, Linux Documentation/admin-guide/iostats.rst). Undefined where there is no such count.
 */
export async function deviceReads(path: string): Promise<number | undefined> {
  const { dev } = await stat(path)
  // As glibc's gnu_dev_major and gnu_dev_minor, for the devices of ordinary disks.
  const major = (dev >> 8) & 0xfff
  const minor = (dev & 0xff) | ((dev >> 12) & 0xfff00)
  const table = await readFile('/proc/diskstats', 'utf8').catch(() => '')
  for (const line of table.split('\n')) {
    const [lineMajor, lineMinor, , reads] = line.trim().split(/\s+/)
    if (Number(lineMajor) === major && Number(lineMinor) === minor) return Number(reads)
  }
  return undefined
}
