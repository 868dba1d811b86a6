import { median } from 'simple-statistics'

/** The median of the rounds, and the lowest and the highest of them. */
export interface Spread {
  readonly median: number
  readonly low: number
  readonly high: number
  /** Rounds. */
  readonly count: number
}

/** Throws `RangeError` when there are no values: nothing was measured, so there is nothing to say. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no values, so no median')
  return {
    median: median([...values]),
    low: Math.min(...values),
    high: Math.max(...values),
    count: values.length,
  }
}
