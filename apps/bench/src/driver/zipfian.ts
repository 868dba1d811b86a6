import type { Random } from './random.ts'

/** The skew of the Yahoo! Cloud Serving Benchmark. */
const theta = 0.99

/**
 * Ranks from 0 to `count` - 1, rank 0 the most popular, by the method of Gray et al., "Quickly Generating
 * Billion-Record Synthetic Databases" (SIGMOD 1994), section 3.2, which YCSB uses. Takes time in proportion to
 * `count` once.
 */
export function zipfian(count: number, random: Random): () => number {
  const zetaN = zeta(count)
  const alpha = 1 / (1 - theta)
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - zeta(2) / zetaN)
  return () => {
    const chance = random()
    const scaled = chance * zetaN
    if (scaled < 1) return 0
    if (scaled < 1 + 0.5 ** theta) return 1
    return Math.min(count - 1, Math.floor(count * (eta * chance - eta + 1) ** alpha))
  }
}

function zeta(count: number): number {
  let sum = 0
  for (let rank = 1; rank <= count; rank++) sum += 1 / rank ** theta
  return sum
}
