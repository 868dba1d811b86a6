import type { Entries } from './entries.ts'

/** Entries that can be sorted at once: their place and 40 bits of their keys make one number. */
export const sortedEntriesMax = 4096

const prefixes = new Float64Array(sortedEntriesMax)
const unsorted = new Int32Array(sortedEntriesMax)

/**
 * Sorts the entries in `list` at [start, end) by key, `sortedEntriesMax` at most. They are sorted as numbers
 * first: five bytes of the key from the first one on that is not the same in all, and their place. What that
 * leaves undecided is sorted in the same way from further behind.
 */
export function sortEntries(entries: Entries, list: Int32Array, start: number, end: number): void {
  sortBehind(entries, list, start, end, -1)
}

function sortBehind(
  entries: Entries,
  list: Int32Array,
  start: number,
  end: number,
  skipBefore: number,
): void {
  const count = end - start
  if (count < 2) return
  const skip = sharedByAll(entries, list, start, end)
  if (skip === skipBefore) {
    // Nothing but zeros and the ends of keys tell them apart.
    list.subarray(start, end).sort((a, b) => entries.compare(a, b))
    return
  }
  for (let i = 0; i < count; i++) {
    const entry = list[start + i]!
    unsorted[i] = entry
    prefixes[i] = entries.fiveBytesAt(entry, skip) * sortedEntriesMax + i
  }
  const sorted = prefixes.subarray(0, count).sort()
  const ties: number[] = []
  let before = -1
  for (let i = 0; i < count; i++) {
    const number = sorted[i]!
    const prefix = Math.floor(number / sortedEntriesMax)
    list[start + i] = unsorted[number % sortedEntriesMax]!
    if (prefix === before) {
      if (ties.at(-1) === start + i) ties[ties.length - 1] = start + i + 1
      else ties.push(start + i - 1, start + i + 1)
    }
    before = prefix
  }
  for (let i = 0; i < ties.length; i += 2) {
    sortBehind(entries, list, ties[i]!, ties[i + 1]!, skip)
  }
}

function sharedByAll(entries: Entries, list: Int32Array, start: number, end: number): number {
  const first = list[start]!
  let shared = entries.keySize(first)
  for (let i = start + 1; i < end && shared > 0; i++) {
    const other = entries.sharedBytes(first, list[i]!)
    if (other < shared) shared = other
  }
  return shared
}
