/** How many times better we are than a peer: above 1 we are ahead, below 1 the peer is. */
import { type MetricName, metrics } from '../metric.ts'
import { quotients, type RoundValues, roundValues } from './round-values.ts'
import type { WorkloadRun } from './run-file.ts'
import { type Spread, spreadOf } from './spread.ts'
import type { SubjectRecord } from './subject-record.ts'

export interface Ratio {
  readonly case: string
  readonly metric: MetricName
  /** Names of the subjects. */
  readonly ours: string
  readonly peer: string
  /** Of the ratios of the rounds, each made of two samples of the same round. */
  readonly spread: Spread
}

/** A peer chosen among several: the best by its median over all rounds. */
export interface BestPeer {
  readonly peer: SubjectRecord
  /** Names of all it was chosen from. */
  readonly candidates: readonly string[]
  readonly values: RoundValues
}

/**
 * Every case and metric against every peer that was measured in it; empty without peers. Throws when a peer and
 * we have no round in common.
 */
export function ratiosOf(workload: WorkloadRun): Ratio[] {
  const ours = ourSubject(workload)
  if (ours === undefined) return []
  return workload.cases.flatMap(({ name, metrics }) =>
    metrics.flatMap((metric) =>
      peersOf(workload).flatMap((peer) => ratio(workload, name, metric, ours, peer)),
    ),
  )
}

/** Against the best peer, or the best of one product; undefined when we or all of them were not measured in it. */
export function ratioToBest(
  workload: WorkloadRun,
  caseName: string,
  metric: MetricName,
  product?: string,
): (Ratio & Pick<BestPeer, 'candidates'>) | undefined {
  const ours = ourSubject(workload)
  const best = bestPeer(workload, caseName, metric, product)
  if (ours === undefined || best === undefined) return undefined
  const [found] = ratio(workload, caseName, metric, ours, best.peer)
  return found === undefined ? undefined : { ...found, candidates: best.candidates }
}

/** Undefined when none was measured. */
export function bestPeer(
  workload: WorkloadRun,
  caseName: string,
  metric: MetricName,
  product?: string,
): BestPeer | undefined {
  const sign = metrics[metric].better === 'higher' ? 1 : -1
  const candidates = peersOf(workload)
    .filter((peer) => product === undefined || peer.product === product)
    .map((peer) => ({ peer, values: roundValues(workload, peer.name, caseName, metric) }))
    .filter(({ values }) => values.size > 0)
    .map((each) => ({ ...each, rank: sign * spreadOf([...each.values.values()]).median }))
  const names = candidates.map(({ peer }) => peer.name)
  const [best] = candidates.sort((a, b) => b.rank - a.rank)
  return best === undefined
    ? undefined
    : { peer: best.peer, candidates: names, values: best.values }
}

/** The one of side `kv`; undefined when only others were measured. */
export function ourSubject({ name, subjects }: WorkloadRun): SubjectRecord | undefined {
  const ours = subjects.filter(({ side }) => side === 'kv')
  if (ours.length > 1) throw new Error(`${name} has ${ours.length} subjects of ours`)
  return ours[0]
}

function peersOf({ subjects }: WorkloadRun): SubjectRecord[] {
  return subjects.filter(({ side }) => side === 'peer')
}

/** None when one of the two was not measured in the case at all. */
function ratio(
  workload: WorkloadRun,
  caseName: string,
  metric: MetricName,
  ours: SubjectRecord,
  peer: SubjectRecord,
): Ratio[] {
  const mine = roundValues(workload, ours.name, caseName, metric)
  const theirs = roundValues(workload, peer.name, caseName, metric)
  if (mine.size === 0 || theirs.size === 0) return []
  const what = `${workload.name}, ${caseName}, ${metric}: ${ours.name} against ${peer.name}`
  const [above, below] = metrics[metric].better === 'higher' ? [mine, theirs] : [theirs, mine]
  const spread = spreadOf(quotients(above, below, what))
  return [{ case: caseName, metric, ours: ours.name, peer: peer.name, spread }]
}
