import { totalmem } from 'node:os'
import { mebi } from './setting.ts'
import type { Config } from './settings.ts'

/** The rest is for connections, the page cache and whatever else there is. */
const share = 1 / 2

/** The cap on the keydir: what was asked for, or a share of the memory that this process may use. */
export function keydirBytesMaxOf(
  { keydirBytesMax }: Pick<Config, 'keydirBytesMax'>,
  memoryBytes: number = memoryOfProcess(),
): number {
  if (keydirBytesMax === 0) return Math.max(mebi, Math.floor(memoryBytes * share))
  return Math.max(mebi, keydirBytesMax)
}

/** Of the machine, or less where a control group says so. */
function memoryOfProcess(): number {
  // 0 where there is no such limit, and more than there is where it is not set.
  const constrained = process.constrainedMemory()
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
}
