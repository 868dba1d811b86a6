/** What a repair has kept and lost, for people and for programs. */
import type { LostKey, LostStretch, RepairReport } from '@kv/engine/inspect'
import { escapeJson, escapeMessage, escapeToLine } from './escape.ts'
import { formatBytes, formatCount, formatCountOf } from './units.ts'

/** Whether all that was durable is there, as far as anybody can tell. */
export function isWhole(report: RepairReport): boolean {
  const { lost, lostKeys, doubtfulRecords, tookDoubtful } = report
  return (
    lost.every((stretch) => stretch.isTornTail || !mayHoldRecords(stretch)) &&
    lostKeys.length === 0 &&
    (doubtfulRecords === 0 || tookDoubtful) &&
    !report.olderMayBeCurrent &&
    !report.deletedMayBeBack
  )
}

export function formatRepairJson(report: RepairReport): string {
  const lostKeys = report.lostKeys.map(({ key, ...lost }) => ({
    key64: key.toString('base64'),
    ...lost,
  }))
  return escapeJson(JSON.stringify({ whole: isWhole(report), ...report, lostKeys }))
}

/** A line for each thing that was lost or done without, and one that sums up. */
export function describeRepair(report: RepairReport, target: string): string {
  const { filesRead, bytesRead, records, keys, version } = report
  const read = `${formatCountOf(filesRead, 'file')}, ${formatBytes(bytesRead)}, ${formatCountOf(records, 'record')}`
  const saved = `saved ${formatCountOf(keys, 'key')} into ${target}, out of ${read}; versions go on behind ${formatCount(version)}`
  const lines = [
    ...report.unusable.map((what) => `done without: ${what}`),
    ...report.unread.map((path) => `not read, as MANIFEST does not name it: ${path}`),
    ...report.lost.map(describeStretch),
    ...more(report.lostLeftOut, 'stretch', 'stretches'),
    ...report.lostKeys.map(describeKey),
    ...more(report.lostKeysLeftOut, 'key'),
    ...remarksOn(report),
    saved,
  ]
  return lines.map(escapeMessage).join('\n')
}

function* remarksOn(report: RepairReport): Generator<string> {
  const { doubtfulRecords, tookDoubtful } = report
  if (doubtfulRecords > 0) {
    const done = tookDoubtful ? 'were taken' : 'were left out, --doubtful takes them'
    yield `${formatCountOf(doubtfulRecords, 'record')} that may be bytes of a value ${done}`
  }
  if (report.olderMayBeCurrent) {
    yield 'newer records are lost: some keys may have an older value, or be there again after they were deleted'
  }
  if (report.deletedMayBeBack) {
    yield 'files that a merge had replaced may have been read: some deleted keys may be there again'
  }
}

function describeStretch(stretch: LostStretch): string {
  const { path, from, to, what, isTornTail } = stretch
  const place = to === 0 ? path : `${path}, bytes ${from} to ${to}`
  const versions = mayHoldRecords(stretch) ? versionsOf(stretch) : ', no record with it'
  const kind = isTornTail ? 'a torn tail, perhaps never acknowledged' : 'lost'
  return `${place}: ${kind}: ${what}${versions}`
}

function versionsOf({ firstVersion, nextVersion }: LostStretch): string {
  if (firstVersion === undefined) return ''
  if (nextVersion === undefined) return `, versions from ${firstVersion} on`
  return `, versions from ${firstVersion} to ${nextVersion - 1}`
}

function mayHoldRecords({ firstVersion, nextVersion }: LostStretch): boolean {
  return firstVersion === undefined || firstVersion !== nextVersion
}

function describeKey({ key, version, olderVersion }: LostKey): string {
  const now =
    olderVersion === undefined ? 'and no older one is there' : `it has ${olderVersion} again`
  return `key ${escapeToLine(key)}: version ${version} is lost, ${now}`
}

function* more(count: number, one: string, many?: string): Generator<string> {
  if (count > 0) yield `${formatCountOf(count, one, many)} more`
}
