/** The last line of an import or export. */
import { formatBytes, formatCount, formatCountOf, formatMs, perSecond } from './units.ts'

export interface Transfer {
  readonly records: number
  /** Of keys and values. */
  readonly bytes: number
  readonly ms: number
}

/** `imported 171,000 records, 21.3 MiB, in 2.1 s: 81,400 records/s`. */
export function describeTransfer(verb: string, { records, bytes, ms }: Transfer): string {
  const rate = formatCount(perSecond(records, ms))
  return `${verb} ${formatCountOf(records, 'record')}, ${formatBytes(bytes)}, in ${formatMs(ms)}: ${rate} records/s`
}

export function formatTransferJson({ records, bytes, ms }: Transfer): string {
  const recordsPerSecond = perSecond(records, ms)
  return JSON.stringify({ records, bytes, ms: Math.round(ms), recordsPerSecond })
}
