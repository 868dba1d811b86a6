import { readFileSync } from 'node:fs'

/** Descriptors left to the store and the process where there are enough. */
const reservedMax = 512
/** What the runtime, the log, a merge's outputs and the spares take. */
const fixed = 40

/** What may be open at once, with so many descriptors. */
export interface DescriptorShares {
  readonly connections: number
  readonly openFiles: number
}

/** How many descriptors the process may have, as far as the system says. */
export function descriptorLimit(): number {
  try {
    return limitIn(readFileSync('/proc/self/limits', 'latin1'))
  } catch {
    // Other systems than Linux have no such file; there the configured limits stand.
    return Number.POSITIVE_INFINITY
  }
}

/** Of the text of `/proc/self/limits`. */
export function limitIn(limits: string): number {
  const soft = /^Max open files\s+([0-9]+|unlimited)/m.exec(limits)?.[1]
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}

/**
 * Where there are few, half go to connections and a quarter to data files; the rest is for what merges open, which take
 * what they find. At least one connection and four data files, however few there are.
 */
export function descriptorShares(limit: number): DescriptorShares {
  const shared = Math.max(0, limit - fixed)
  return {
    connections: Math.max(1, Math.floor(shared / 2), limit - reservedMax),
    openFiles: Math.max(4, Math.floor(shared / 4)),
  }
}
