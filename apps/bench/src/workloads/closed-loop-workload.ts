import type { KeyChoice } from '../driver/key-choice.ts'
import type { Mix } from '../driver/operations.ts'
import type { MetricName } from '../metric.ts'
import type { Case } from '../results/run-file.ts'
import type { Durability } from '../sessions/session.ts'
import { loadOf, measured, mixOf, onStage } from './stage.ts'
import type { Measured, RoundContext, Scale, Workload } from './workload.ts'

/** One case: a mix of operations, and how many of them are under way. */
export interface ClosedCase {
  readonly name: string
  readonly shares: Mix['shares']
  readonly keys?: KeyChoice
  readonly inFlight: number
  /** Default: the workload's. */
  readonly valueBytes?: number
  /** Keys of a batch or a range. */
  readonly entries?: number
  readonly reverse?: boolean
  /** Default: throughput, p50, p99. */
  readonly metrics?: Case['metrics']
  /** Default: 'in flight'. */
  readonly axis?: Case['axis']
  /** The keys it works on, instead of the workload's; `isLoaded`: they are written first. */
  readonly own?: { readonly firstKey: number; readonly keys: number; readonly isLoaded: boolean }
  /** Ends when so many operations were made, for those that run out of keys. */
  readonly operationsMax?: number
  /** Default: as {@link loopTimes}. */
  readonly measureMs?: number
}

export interface ClosedLoopSpecification
  extends Pick<
    Workload,
    'name' | 'title' | 'about' | 'targets' | 'subjects' | 'measureMachine' | 'needsDisk'
  > {
  readonly durability: Durability
  readonly valueBytes: number
  /** Keys that are there before the clock starts. */
  readonly keys: Readonly<Record<Scale, number>>
  /** A fresh directory, and a load of it, in every round; else one for all rounds. */
  readonly isFresh: boolean
  readonly cases: (scale: Scale) => readonly ClosedCase[]
}

/** Long enough for the libraries' code to be compiled, and for ten thousand operations of most. */
export const loopTimes: Readonly<Record<Scale, { warmupMs: number; measureMs: number }>> = {
  quick: { warmupMs: 300, measureMs: 700 },
  full: { warmupMs: 400, measureMs: 1_100 },
}

const metricsDefault: readonly [MetricName, ...MetricName[]] = ['throughput', 'p50', 'p99']

/** A workload whose cases are closed loops, one after the other on the same server. */
export function closedLoopWorkload(specification: ClosedLoopSpecification): Workload {
  const { keys, valueBytes, isFresh, cases, ...rest } = specification
  return {
    ...rest,
    rounds: 5,
    parameters: (scale) => ({
      'keys before': keys[scale],
      'key bytes': 16,
      'value bytes': valueBytes,
      'warm-up ms': loopTimes[scale].warmupMs,
      'measured ms': loopTimes[scale].measureMs,
      'client processes': 1,
    }),
    cases: (scale) => cases(scale).map(caseOf),
    async measure(context) {
      const directory = isFresh ? await context.freshDirectory() : context.keptDirectory
      return onStage(context, directory, async ({ driver }) => {
        const loaded = keys[context.scale]
        const load = () => driver.do('load', loadOf(loaded, valueBytes))
        if (loaded > 0) await (isFresh ? load() : context.loadOnce(load))
        const samples: Measured[] = []
        for (const [step, each] of cases(context.scale).entries()) {
          context.progress(each.name)
          const loop = {
            ...loopTimes[context.scale],
            inFlight: each.inFlight,
            ...(each.operationsMax === undefined ? {} : { operationsMax: each.operationsMax }),
            ...(each.measureMs === undefined ? {} : { measureMs: each.measureMs }),
          }
          const mix = mixOf({ valueBytes, loaded, ...mixPart(each) }, context, step)
          await attempt(context, each.name, async () => {
            if (each.own?.isLoaded === true) {
              const { firstKey, keys } = each.own
              await driver.do('load', loadOf(keys, mix.valueBytes, firstKey))
            }
            samples.push(measured(each.name, await driver.do('closedLoop', { mix, loop })))
          })
        }
        return samples
      })
    },
  }
}

/** A peer that cannot do a case is skipped for it; ours must do all. */
export async function attempt(
  context: RoundContext,
  caseName: string,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act()
  } catch (error) {
    if (context.subject.product === 'kv') throw error
    context.skip(caseName, error instanceof Error ? error.message : String(error))
  }
}

function caseOf({ name, metrics, axis, inFlight }: ClosedCase): Case {
  return {
    name,
    metrics: metrics ?? metricsDefault,
    axis: axis ?? { name: 'in flight', value: inFlight },
  }
}

function mixPart({ shares, keys, entries, reverse, valueBytes, own }: ClosedCase) {
  return {
    shares,
    ...(keys === undefined ? {} : { keys }),
    ...(entries === undefined ? {} : { entries }),
    ...(reverse === undefined ? {} : { reverse }),
    ...(valueBytes === undefined ? {} : { valueBytes }),
    ...(own === undefined ? {} : { firstKey: own.firstKey, loaded: own.keys }),
  }
}
