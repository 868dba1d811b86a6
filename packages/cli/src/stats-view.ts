/**
 * The server's statistics for people. Which there are is the server's to say: names become words, and the
 * end of a name tells the unit (`liveBytes`, `openMs`). A map is a group under a heading; deeper ones are one line.
 */
import type { Plain, PlainMap } from '@kv/client'
import { isErrorCode } from '@kv/client'
import { escapeMessage } from './escape.ts'
import { formatBytes, formatCount, formatMs } from './units.ts'

interface Row {
  readonly label: string
  readonly text: string
}

export function formatStats(stats: PlainMap): string {
  const blocks = [...blocksOf(stats, [])].filter(({ rows }) => rows.length > 0)
  const width = Math.max(0, ...blocks.flatMap(({ rows }) => rows.map(({ label }) => label.length)))
  return blocks
    .map(({ heading, rows }) => {
      const lines = rows.map(({ label, text }) => `  ${label.padEnd(width)}  ${text}`)
      return heading === '' ? lines.join('\n') : [heading, ...lines].join('\n')
    })
    .join('\n\n')
}

/** Groups of two levels have headings of their own. */
const headingLevels = 2

function* blocksOf(
  group: PlainMap,
  path: readonly string[],
): Generator<{ heading: string; rows: Row[] }> {
  const isBlock = ([, value]: readonly [string, Plain]) =>
    isMap(value) && path.length < headingLevels && !isSummary(value)
  const members = Object.entries(group)
  yield {
    heading: path.join(' / '),
    rows: members
      .filter((member) => !isBlock(member))
      .map(([name, value]) => ({ label: words(name), text: formatValue(name, value) })),
  }
  for (const [name, value] of members.filter(isBlock)) {
    yield* blocksOf(value as PlainMap, [...path, words(name)])
  }
}

function formatValue(name: string, value: Plain): string {
  if (typeof value === 'number') return formatNumber(name, value)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string') return escapeMessage(value)
  if (value === null || value === undefined) return '-'
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (isMap(value)) {
    if (value['count'] === 0) return '-'
    return Object.entries(value)
      .map(([inner, each]) => `${words(inner)} ${formatValue(inner, each)}`)
      .join(', ')
  }
  return value.map((each) => formatValue(name, each)).join('; ')
}

function formatNumber(name: string, value: number): string {
  if (/^bytes|Bytes/.test(name)) return formatBytes(value)
  if (name.endsWith('Ms')) return formatMs(value)
  if (name === 'pid' || name === 'port') return String(value)
  return Number.isInteger(value) ? formatCount(value) : String(value)
}

/** `liveBytes` is `live`, as its unit stands behind the number; `p99Ms` is `p99`. An error code stays as it is. */
function words(name: string): string {
  if (isErrorCode(name)) return name
  const bare = name.replace(/(?<=.)(Bytes|Ms)$/, '')
  return escapeMessage(bare.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase())
}

/** Times of one kind, such as `{ count, p50Ms, p99Ms, maxMs }`. */
function isSummary(value: Plain): boolean {
  return isMap(value) && Object.hasOwn(value, 'p99Ms')
}

function isMap(value: Plain | undefined): value is PlainMap {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array)
  )
}
