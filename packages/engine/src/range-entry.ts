import { neverExpires } from './record.ts'
import type { RangeEntry } from './results.ts'

/** An entry as callers get it: without `expiresAt` when it stays. */
export function rangeEntry(
  key: Buffer,
  value: Buffer,
  { index, expiresAt }: { readonly index: number; readonly expiresAt: number },
): RangeEntry {
  return expiresAt === neverExpires
    ? { key, value, version: index }
    : { key, value, version: index, expiresAt }
}
