import { type KeyBounds, type KeyLimit, lowerLimit, upperLimit } from '../key-bounds.ts'
import type { LocationList } from '../location-list.ts'
import { recordHeaderBytes } from '../record.ts'
import type { Entries } from './entries.ts'
import type { KeyOrder } from './key-order.ts'
import type { KeyCount } from './key-source.ts'
import { KeyWords } from './key-words.ts'
import { OrderWalk, type WalkLimit } from './order-walk.ts'

/** A walk through the entries of an order inside `bounds`. */
export function walkInside(
  entries: Entries,
  order: KeyOrder,
  bounds: KeyBounds,
  reverse: boolean,
): OrderWalk {
  const lower = walkLimit(lowerLimit(bounds))
  const upper = walkLimit(upperLimit(bounds))
  return new OrderWalk(entries, order, lower, upper, reverse)
}

/** What walks through entries one after the other. */
export interface EntryWalk {
  /** Where it stands: an entry, or 0 at the end. */
  readonly entry: number
  advance(): void
}

/** Counts the entries of a walk whose time is not over by `now`, ms since the epoch, and stops after `visitsMax`. */
export function countEntries(
  entries: Entries,
  walk: EntryWalk,
  visitsMax: number,
  now: number,
): KeyCount {
  let keys = 0
  for (let visits = 1; walk.entry !== 0; visits++) {
    const { entry } = walk
    const expiresAt = entries.expiresAt(entry)
    if (expiresAt === 0 || expiresAt > now) keys++
    walk.advance()
    if (visits >= visitsMax && walk.entry !== 0) return { keys, lastKey: entries.key(entry) }
  }
  return { keys, lastKey: undefined }
}

/** As `KeySource.collect`. */
export function collectEntries(
  entries: Entries,
  walk: EntryWalk,
  bytesMax: number,
  now: number,
  list: LocationList,
): boolean {
  const location = { slot: 0, offset: 0, size: 0, index: 0, expiresAt: 0 }
  let bytes = 0
  for (; walk.entry !== 0; walk.advance()) {
    entries.readLocation(walk.entry, location)
    if (location.expiresAt !== 0 && location.expiresAt <= now) continue
    bytes += location.size - recordHeaderBytes
    if (list.length === list.limit || (list.length > 0 && bytes > bytesMax)) return true
    list.push(location, walk.entry)
  }
  return false
}

function walkLimit(limit: KeyLimit | undefined): WalkLimit | undefined {
  if (limit === undefined) return undefined
  const key = new KeyWords()
  key.load(limit.key, 0, limit.key.length)
  return { key, inclusive: limit.inclusive }
}
