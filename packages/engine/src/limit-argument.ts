import { shown } from './shown-value.ts'

/** A count or a size as callers give it. Throws `RangeError` unless it is a whole number from 0 on, or no limit. */
export function checkedLimit(limit: number, what: string): number {
  if (limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 0)) return limit
  throw new RangeError(
    `${what} must be a whole number from 0 on, or Infinity, not ${shown(limit)}; nothing was done`,
  )
}
