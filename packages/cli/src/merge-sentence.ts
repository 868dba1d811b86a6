import type { PlainMap } from '@kv/client'
import { formatBytes, formatCountOf, formatMs } from './units.ts'

/** What a merge did. The report is the server's, so nothing is taken for granted. */
export function describeMerge(report: PlainMap, ms: number): string {
  const inputFiles = numberIn(report, 'inputFiles')
  if (inputFiles === 0) return 'there was nothing to merge'
  const inputBytes = numberIn(report, 'inputBytes')
  const outputBytes = numberIn(report, 'outputBytes')
  const freed = inputBytes - outputBytes
  const change = freed >= 0 ? `${formatBytes(freed)} freed` : `${formatBytes(-freed)} more`
  return [
    `merged ${formatCountOf(inputFiles, 'file')} of ${formatBytes(inputBytes)}`,
    ` into ${formatCountOf(numberIn(report, 'outputFiles'), 'file')} of ${formatBytes(outputBytes)}`,
    ` in ${formatMs(ms)}: ${change},`,
    ` ${formatCountOf(numberIn(report, 'liveRecords'), 'record')} kept,`,
    ` ${formatCountOf(numberIn(report, 'droppedRecords'), 'record')} dropped`,
  ].join('')
}

function numberIn(report: PlainMap, name: string): number {
  const value = report[name]
  return typeof value === 'number' ? value : 0
}
