import type { LocationList } from './location-list.ts'

/** Bytes between two records that are read along rather than left out. */
const gapBytesMax = 4096
/** Bytes of a span of several records. */
export const spanBytesMax: number = 64 * 1024

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
export function recordSpans({ length, slots, offsets, sizes }: LocationList): RecordSpan[] {
  const spans: RecordSpan[] = []
  for (let start = 0; start < length; ) {
    const slot = slots[start]!
    let low = offsets[start]!
    let high = low + sizes[start]!
    let end = start + 1
    for (; end < length; end++) {
      if (slots[end] !== slot) break
      const offset = offsets[end]!
      const recordEnd = offset + sizes[end]!
      const isNeighbour =
        offset >= high
          ? offset - high <= gapBytesMax && recordEnd - low <= spanBytesMax
          : recordEnd <= low && low - recordEnd <= gapBytesMax && high - offset <= spanBytesMax
      if (!isNeighbour) break
      low = Math.min(low, offset)
      high = Math.max(high, recordEnd)
    }
    spans.push({ slot, offset: low, size: high - low, start, end })
    start = end
  }
  return spans
}
