import { type MetricName, metrics } from '../metric.ts'
import type { Case, WorkloadRun } from './run-file.ts'

/** The cases of a workload, and after them those that only samples name, as the limits of the machine do. */
export function measuredCases({ cases, samples }: WorkloadRun): Case[] {
  const listed = new Set(cases.map(({ name }) => name))
  const unlisted = new Map<string, Set<string>>()
  for (const { case: name, values } of samples) {
    if (listed.has(name)) continue
    const seen = unlisted.get(name) ?? new Set<string>()
    for (const metric of Object.keys(values)) if (!details.has(metric)) seen.add(metric)
    unlisted.set(name, seen)
  }
  const found = [...unlisted].flatMap(([name, seen]): Case[] => {
    const [first, ...others] = metricNames.filter((each) => seen.has(each))
    return first === undefined ? [] : [{ name, metrics: [first, ...others] }]
  })
  return [...cases, ...found]
}

/** Latencies that a table has no room for where nobody asked for them. */
const details: ReadonlySet<string> = new Set<MetricName>(['mean', 'p90', 'p999'])

const metricNames = Object.keys(metrics) as MetricName[]
