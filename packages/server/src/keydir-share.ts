import { totalmem } from 'node:os'
import { mebi } from './setting.ts'
import type { Config } from './settings.ts'

/** What the runtime, its threads and a merge take. */
const baseBytes = 128 * mebi
/** Of what is left. The rest is for connections, the page cache and the next start, which builds the keydir anew. */
const share = 1 / 2
const bytesMin = 16 * mebi

/** The cap on the keydir: what was asked for, or a share of the memory that this process may use beside its base. */
export function keydirBytesMaxOf(
  { keydirBytesMax }: Pick<Config, 'keydirBytesMax'>,
  memoryBytes: number = memoryOfProcess(),
): number {
  if (keydirBytesMax === 0) return Math.max(bytesMin, Math.floor((memoryBytes - baseBytes) * share))
  return Math.max(mebi, keydirBytesMax)
}

/** Of the machine, or less where a control group says so. */
function memoryOfProcess(): number {
  // 0 where there is no such limit, and more than there is where it is not set.
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}
