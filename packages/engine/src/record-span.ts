import type { Location } from './keydir/location.ts'

/** Bytes between two records that are read along rather than left out. */
const gapBytesMax = 4096
/** Bytes of a span of several records. */
const spanBytesMax = 64 * 1024

/** A stretch of one file that holds some of a list's records. */
export interface RecordSpan {
  readonly slot: number
  readonly offset: number
  readonly size: number
  /** Which records of the list it holds: those at [start, end). */
  readonly start: number
  readonly end: number
}

/**
 * Cuts a list of records into spans that are worth one read each: records that follow one another in the list
 * and lie beside each other in a file, forwards or in reverse. After a merge, the records of a range do.
 */
export function recordSpans(records: readonly { readonly location: Location }[]): RecordSpan[] {
  const spans: RecordSpan[] = []
  for (let start = 0; start < records.length; ) {
    const first = records[start]!.location
    const { slot } = first
    let low = first.offset
    let high = low + first.size
    let end = start + 1
    for (; end < records.length; end++) {
      const { location } = records[end]!
      if (location.slot !== slot) break
      const recordEnd = location.offset + location.size
      const isNeighbour =
        location.offset >= high
          ? location.offset - high <= gapBytesMax && recordEnd - low <= spanBytesMax
          : recordEnd <= low &&
            low - recordEnd <= gapBytesMax &&
            high - location.offset <= spanBytesMax
      if (!isNeighbour) break
      low = Math.min(low, location.offset)
      high = Math.max(high, recordEnd)
    }
    spans.push({ slot, offset: low, size: high - low, start, end })
    start = end
  }
  return spans
}
