import type { Scale } from './workload.ts'

/** The sizes at which memory, opening and cost are measured. */
export const keyCounts: Readonly<Record<Scale, readonly number[]>> = {
  quick: [100_000],
  full: [100_000, 1_000_000, 10_000_000],
}

export function nameOfCount(count: number): string {
  return `${count.toLocaleString('en')} keys`
}
