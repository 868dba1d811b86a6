/** Holds runs against the targets. */
import { metrics, type Unit } from './metric.ts'
import { formatValue } from './results/format-value.ts'
import { type NewestWorkload, newestWorkloads } from './results/newest-workloads.ts'
import { bestPeer, ourSubject } from './results/ratios.ts'
import { quotients, type RoundValues, roundValues, sumOf } from './results/round-values.ts'
import type { RunFile, WorkloadRun } from './results/run-file.ts'
import { type Spread, spreadOf } from './results/spread.ts'
import type { Target, TargetBase, TargetPart } from './target.ts'
import { targets } from './targets.ts'

/** What became of one part of a target. */
export type Verdict = TargetClaim & (Judged | Unjudged)

interface TargetClaim {
  readonly target: Target
  /** Undefined for a target that has no parts yet. */
  readonly part?: TargetPart
  /** `put: new, 50 in flight, operations a second`. */
  readonly what: string
  /** `≥ 1.3× the best Redis client`. */
  readonly wanted: string
}

interface Judged {
  readonly state: 'reached' | 'missed'
  readonly got: Spread
  readonly unit: Unit
  /** How far it is from the bound, in percent of it; only when missed. */
  readonly missedBy?: number
  /** The peer it is compared with, and how many of its product were measured. */
  readonly against?: { readonly peer: string; readonly among: number }
  /** Less data and shorter rounds than the target means. */
  readonly quick: boolean
}

interface Unjudged {
  readonly state: 'not measured' | 'not yet'
  readonly reason: string
}

/**
 * All targets against the newest run of each workload. Throws when both sides of a quotient were measured, but
 * never in the same round.
 */
export function judge(runs: readonly RunFile[]): Verdict[] {
  const measured = new Map(newestWorkloads(runs).map((each) => [each.workload.name, each]))
  return targets.flatMap((target): Verdict[] => {
    const { notYet, text, parts } = target
    if (notYet !== undefined) {
      return [{ target, what: text, wanted: '', state: 'not yet', reason: `waits for ${notYet}` }]
    }
    return parts.map((part) => ({
      target,
      part,
      what: `${part.workload}: ${part.case}, ${metrics[part.metric].title}`,
      wanted: wantedOf(part),
      ...judgePart(part, measured.get(part.workload)),
    }))
  })
}

function wantedOf(part: TargetPart): string {
  const { base, bound, everyRound } = part
  const value = formatValue(bound.value, unitOf(part))
  const number = bound.said === undefined ? value : `${value} (${bound.said})`
  const rounds = everyRound === true ? ' in every round' : ''
  return `${bound.side === 'at least' ? '≥' : '≤'} ${number}${nameOf(base)}${rounds}`
}

function nameOf(base: TargetBase | undefined): string {
  if (base === undefined) return ''
  if ('product' in base) return ` ${base.title}`
  if ('case' in base) return ` '${base.case}'`
  return ` ${base.machine.map((each) => `'${each}'`).join(' + ')} of the bare machine`
}

function unitOf({ base, metric }: TargetPart): Unit {
  return base === undefined ? metrics[metric].unit : 'x'
}

function judgePart(part: TargetPart, found: NewestWorkload | undefined): Judged | Unjudged {
  if (found === undefined) return unjudged(`${part.workload} was not run`)
  const { workload, run } = found
  const ours = ourSubject(workload)
  if (ours === undefined) return unjudged(`${part.workload} was not measured of kv`)
  const mine = roundValues(workload, ours.name, part.case, part.metric)
  if (mine.size === 0) return unjudged(missing(part, found))
  if (part.base === undefined) return judged(part, [...mine.values()], run)

  const base = baseOf(part, part.base, workload, ours.name)
  if (typeof base === 'string') return unjudged(base)
  const values = quotients(mine, base.values, `${part.workload}, ${part.case}, ${part.metric}`)
  const verdict = judged(part, values, run)
  return 'got' in verdict && base.against !== undefined
    ? { ...verdict, against: base.against }
    : verdict
}

interface Base extends Pick<Judged, 'against'> {
  readonly values: RoundValues
}

/** The values to divide by, or why there are none. */
function baseOf(
  { case: caseName, metric }: TargetPart,
  base: TargetBase,
  workload: WorkloadRun,
  ours: string,
): Base | string {
  if ('product' in base) {
    const best = bestPeer(workload, caseName, metric, base.product)
    if (best === undefined) return `${base.product} was not measured${skippedOf(workload)}`
    const { peer, candidates, values } = best
    return { values, against: { peer: peer.name, among: candidates.length } }
  }
  if ('case' in base) {
    const values = roundValues(workload, ours, base.case, metric)
    return values.size > 0 ? { values } : `'${base.case}' was not measured`
  }
  const parts = base.machine.map((name) => roundValues(workload, 'machine', name, metric))
  const missing = base.machine.find((_, at) => parts[at]!.size === 0)
  if (missing !== undefined) return `'${missing}' of the machine was not measured`
  return { values: sumOf(parts) }
}

function skippedOf({ skipped }: WorkloadRun): string {
  if (skipped.length === 0) return ''
  return `: skipped ${skipped.map(({ subject, reason }) => `${subject} (${reason})`).join(', ')}`
}

function missing(
  { case: caseName, metric }: TargetPart,
  { workload, run }: NewestWorkload,
): string {
  const wasMeasured = workload.samples.some((sample) => sample.case === caseName)
  const what = wasMeasured ? `the ${metrics[metric].title} of '${caseName}'` : `'${caseName}'`
  return `${what} was not measured${run.quick ? ' in this quick run' : ''}`
}

/** A ratio to a peer of fewer rounds says too little on a shared machine. */
const roundsMin = 5

function judged(
  part: TargetPart,
  values: readonly number[],
  { quick }: RunFile,
): Judged | Unjudged {
  const isRatioToPeer = part.base !== undefined && 'product' in part.base
  if (isRatioToPeer && values.length < roundsMin) {
    return unjudged(`${values.length} of the ${roundsMin} rounds that a ratio to a peer takes`)
  }
  const got = spreadOf(values)
  const { side, value } = part.bound
  const worst = side === 'at least' ? got.low : got.high
  const decisive = part.everyRound === true ? worst : got.median
  const distance = side === 'at least' ? value - decisive : decisive - value
  const verdict = { got, unit: unitOf(part), quick }
  return distance <= 0
    ? { state: 'reached', ...verdict }
    : { state: 'missed', ...verdict, missedBy: (distance / value) * 100 }
}

function unjudged(reason: string): Unjudged {
  return { state: 'not measured', reason }
}
