/** The files that a process left when it died, which tell whether the calls that it died in were made. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytesWritten, descriptorOf, lastNumberOf, stringsOf, type TracedCall } from './trace.ts'

/** Their content, by absolute path. */
export type LeftFiles = Readonly<Record<string, Buffer>>

/** Those below `root`, of which no process is running. */
export function leftFilesOf(root: string): LeftFiles {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  return Object.fromEntries(paths.map((path) => [path, readFileSync(path)]))
}

/**
 * Whether the process died before a call of its had any effect: a kill may come between strace's note of a call and
 * the call. False also for what nobody can tell, such as a sync.
 */
export function isUnmade(call: TracedCall, left: LeftFiles): boolean {
  if (call.end !== Number.POSITIVE_INFINITY) return false
  switch (call.name) {
    case 'pwrite64': {
      const content = left[descriptorOf(call)?.of ?? '']
      const bytes = bytesWritten(call)
      const at = lastNumberOf(call)
      return content !== undefined && !content.subarray(at, at + bytes.length).equals(bytes)
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
