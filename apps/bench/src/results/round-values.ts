import type { MetricName } from '../metric.ts'
import type { WorkloadRun } from './run-file.ts'

/** One metric of one subject in one case, by round. */
export type RoundValues = ReadonlyMap<number, number>

/** Empty when it was not measured. */
export function roundValues(
  { samples }: WorkloadRun,
  subject: string,
  caseName: string,
  metric: MetricName,
): RoundValues {
  const values = new Map<number, number>()
  for (const sample of samples) {
    if (sample.subject !== subject || sample.case !== caseName) continue
    const value = sample.values[metric]
    if (value !== undefined) values.set(sample.round, value)
  }
  return values
}

/** Adds up what was measured in the same rounds: the parts of one whole. */
export function sumOf(parts: readonly RoundValues[]): RoundValues {
  const [first = new Map<number, number>(), ...others] = parts
  const sums = new Map<number, number>()
  for (const [round, value] of first) {
    if (others.some((each) => !each.has(round))) continue
    sums.set(
      round,
      others.reduce((sum, each) => sum + each.get(round)!, value),
    )
  }
  return sums
}

/**
 * `above` over `below`, round by round: what disturbs a round disturbs both sides of it. Throws when they have no
 * round in common, so that nothing is compared silently with nothing; `what` names the comparison.
 */
export function quotients(above: RoundValues, below: RoundValues, what: string): number[] {
  const values: number[] = []
  for (const [round, value] of above) {
    const base = below.get(round)
    if (base !== undefined) values.push(quotient(value, base))
  }
  if (values.length === 0) throw new Error(`${what}: no round was measured of both sides`)
  return values
}

function quotient(above: number, below: number): number {
  return above === 0 && below === 0 ? 1 : above / below
}
