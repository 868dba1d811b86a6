import { readFileSync } from 'node:fs'

/** Descriptors left to the store's files, the log and the listener. */
const reserved = 512

/** How many connections the process has descriptors for, as far as the system says. */
export function connectionsPossible(): number {
  try {
    const line = /^Max open files\s+([0-9]+|unlimited)/m.exec(
      readFileSync('/proc/self/limits', 'latin1'),
    )?.[1]
    if (line === undefined || line === 'unlimited') return Number.POSITIVE_INFINITY
    return Math.max(1, Number(line) - reserved)
  } catch {
    // Other systems than Linux have no such file; there the configured limit stands.
    return Number.POSITIVE_INFINITY
  }
}
