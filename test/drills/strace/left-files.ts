/** The files that a process left when it died, which tell whether the calls that it died in were made. */
import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { bytesWritten, descriptorOf, lastNumberOf, stringsOf, type TracedCall } from './trace.ts'

/** Their sizes in bytes, by absolute path. */
export type LeftFiles = Readonly<Record<string, number>>

/** Those below `root`, of which no process is running. */
export function leftFilesOf(root: string): LeftFiles {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  return Object.fromEntries(paths.map((path) => [path, lstatSync(path).size]))
}

/**
 * Whether the process died before a call of its had any effect: a kill may come between strace's note of a call and
 * the call. False also for what nobody can tell, such as a write over other bytes.
 */
export function isUnmade(call: TracedCall, left: LeftFiles): boolean {
  if (call.end !== Number.POSITIVE_INFINITY) return false
  switch (call.name) {
    case 'pwrite64': {
      const size = left[descriptorOf(call)?.of ?? '']
      return size !== undefined && size < lastNumberOf(call) + bytesWritten(call).length
    }
    case 'openat':
      return call.args.includes('O_CREAT') && left[String(stringsOf(call)[0])] === undefined
    case 'rename':
    case 'unlink':
      return left[String(stringsOf(call)[0])] !== undefined
    default:
      return false
  }
}
