/** What moved from one run to another, beyond the noise of both. */
import { type Metric, type MetricName, metrics } from '../metric.ts'
import { measuredCases } from './measured-cases.ts'
import { ratioToBest } from './ratios.ts'
import { roundValues } from './round-values.ts'
import type { RunFile, WorkloadRun } from './run-file.ts'
import { type Spread, spreadOf } from './spread.ts'

/**
 * `faster` is better and `slower` worse, whatever the metric. With fewer than five rounds chance alone would often
 * leave a gap between two runs, so nothing is said of them.
 */
type Movement = 'faster' | 'slower' | 'within noise' | 'too few rounds'

export interface Change {
  readonly workload: string
  readonly subject: string
  readonly case: string
  readonly metric: MetricName
  readonly before: Spread
  readonly after: Spread
  /** Of the medians. */
  readonly percent: number
  readonly verdict: Movement
}

/** How many times better we are than the best peer: what is left when the machines differ. */
interface RatioChange extends Change {
  /** The best peer of both runs. */
  readonly peer: string
}

export interface Comparison {
  readonly changes: readonly Change[]
  readonly ratios: readonly RatioChange[]
  /** Why values may differ though the store does not: other machines, sizes, versions. */
  readonly differences: readonly string[]
  /** What only one of the two runs has measured. */
  readonly uncompared: readonly string[]
}

/** Throws when the runs have no value in common. */
export function compareRuns(before: RunFile, after: RunFile): Comparison {
  const pairs = before.workloads.flatMap((workload) => {
    const other = after.workloads.find(({ name }) => name === workload.name)
    return other === undefined ? [] : [{ before: workload, after: other }]
  })
  const changes = pairs.flatMap((pair) => changesOf(pair))
  if (changes.length === 0) {
    throw new Error(
      `the runs have nothing in common: ${namesOf(before)} before, ${namesOf(after)} after; nothing was compared`,
    )
  }
  return {
    changes,
    ratios: pairs.flatMap((pair) => ratioChangesOf(pair)),
    differences: [...runDifferences(before, after), ...pairs.flatMap(workloadDifferences)],
    uncompared: uncomparedOf(before, after, changes),
  }
}

interface Pair {
  readonly before: WorkloadRun
  readonly after: WorkloadRun
}

function changesOf(pair: Pair): Change[] {
  const subjects = pair.before.subjects.map(({ name }) => name)
  return measuredCases(pair.before).flatMap((each) =>
    each.metrics.flatMap((metric) =>
      subjects.flatMap((subject): Change[] => {
        const [before, after] = [pair.before, pair.after].map((workload) => [
          ...roundValues(workload, subject, each.name, metric).values(),
        ])
        if (before!.length === 0 || after!.length === 0) return []
        const spreads = { before: spreadOf(before!), after: spreadOf(after!) }
        const place = { workload: pair.before.name, subject, case: each.name, metric }
        return [{ ...place, ...spreads, ...movement(spreads, metrics[metric].better) }]
      }),
    ),
  )
}

function ratioChangesOf(pair: Pair): RatioChange[] {
  return pair.before.cases.flatMap(({ name, metrics }) =>
    metrics.flatMap((metric): RatioChange[] => {
      const before = ratioToBest(pair.before, name, metric)
      const after = ratioToBest(pair.after, name, metric)
      // Against another peer a ratio says nothing of us.
      if (before === undefined || after === undefined || before.peer !== after.peer) return []
      const spreads = { before: before.spread, after: after.spread }
      const place = { workload: pair.before.name, subject: after.ours, case: name, metric }
      return [{ ...place, ...spreads, ...movement(spreads, 'higher'), peer: after.peer }]
    }),
  )
}

/** Of two runs of the same thing, one figure in 126 has such a gap by chance at five rounds, one in ten at three. */
const roundsMin = 5

/**
 * Only runs whose rounds leave a gap between them differ, and whose medians are further apart than the rounds of either:
 * of the hundred figures of a pair of runs, some have a small gap by chance.
 */
function movement(
  { before, after }: Pick<Change, 'before' | 'after'>,
  better: Metric['better'],
): Pick<Change, 'percent' | 'verdict'> {
  const change = after.median - before.median
  const percent = change === 0 ? 0 : (change / Math.abs(before.median)) * 100
  if (before.count < roundsMin || after.count < roundsMin) {
    return { percent, verdict: 'too few rounds' }
  }
  const isAbove = after.low > before.high
  const isBelow = after.high < before.low
  const noise = Math.max(before.high - before.low, after.high - after.low)
  if ((!isAbove && !isBelow) || Math.abs(change) <= noise)
    return { percent, verdict: 'within noise' }
  return { percent, verdict: isAbove === (better === 'higher') ? 'faster' : 'slower' }
}

function namesOf({ workloads }: RunFile): string {
  return workloads.length === 0 ? 'nothing' : workloads.map(({ name }) => name).join(', ')
}

function runDifferences(before: RunFile, after: RunFile): string[] {
  const fields = (
    ['cpu', 'cores', 'memoryBytes', 'system', 'kernel', 'fileSystem', 'node'] as const
  ).map((field) => [field, before.machine[field], after.machine[field]] as const)
  return [['scale', scale(before), scale(after)] as const, ...fields]
    .filter(([, from, to]) => from !== to)
    .map(([what, from, to]) => `${what}: ${from} before, ${to} after`)
}

function scale({ quick }: RunFile): string {
  return quick ? 'quick' : 'full'
}

function workloadDifferences({ before, after }: Pair): string[] {
  const parameters = Object.keys({ ...before.parameters, ...after.parameters }).map(
    (name) => [name, before.parameters[name], after.parameters[name]] as const,
  )
  const subjects = before.subjects.flatMap(({ name, ...record }) => {
    const other = after.subjects.find((each) => each.name === name)
    if (other === undefined) return []
    return (['versions', 'acknowledges', 'options'] as const).map(
      (field) =>
        [`${name} ${field}`, JSON.stringify(record[field]), JSON.stringify(other[field])] as const,
    )
  })
  return [...parameters, ...subjects]
    .filter(([, from, to]) => from !== to)
    .map(
      ([what, from, to]) =>
        `${before.name}, ${what}: ${from ?? 'none'} before, ${to ?? 'none'} after`,
    )
}

function uncomparedOf(before: RunFile, after: RunFile, changes: readonly Change[]): string[] {
  const compared = new Set(changes.map((each) => keyOf(each.workload, each)))
  const only = (run: RunFile, when: string): string[] => {
    const keys = run.workloads.flatMap(({ name, samples }) =>
      samples.map((each) => keyOf(name, each)),
    )
    return [...new Set(keys)]
      .filter((key) => !compared.has(key))
      .map((key) => `${key}: only ${when}`)
  }
  return [...only(before, 'before'), ...only(after, 'after')]
}

function keyOf(workload: string, at: { readonly subject: string; readonly case: string }): string {
  return `${workload}, ${at.case}, ${at.subject}`
}
