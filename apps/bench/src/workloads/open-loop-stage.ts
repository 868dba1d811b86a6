import type { Driver } from '../driver/driver.ts'
import type { StepResult } from '../driver/measurement.ts'
import { loadOf, mixOf, onStage } from './stage.ts'
import { networkProducts } from './subject-lists.ts'
import type { Measured, RoundContext, Scale, Workload } from './workload.ts'

const keys: Readonly<Record<Scale, number>> = { quick: 20_000, full: 100_000 }
const valueBytes = 100
/** A store that has so many unanswered does not keep up with the rate. */
const outstandingMax = 5_000

export type OpenLoopKind = 'get' | 'put'

export interface OpenLoopTimes {
  readonly warmupMs: number
  readonly measureMs: number
}

/** What workloads of open loops have in common. */
export const openLoopCommon: Pick<Workload, 'targets' | 'durability' | 'subjects' | 'rounds'> = {
  targets: [],
  durability: 'interval',
  subjects: networkProducts,
  rounds: 5,
}

export function openLoopParameters(
  scale: Scale,
  { warmupMs, measureMs }: OpenLoopTimes,
): Record<string, string | number> {
  return {
    keys: keys[scale],
    'key bytes': 16,
    'value bytes': valueBytes,
    'warm-up ms': warmupMs,
    'measured ms': measureMs,
    'client processes': 1,
  }
}

/** Acts on a store that holds the keys. */
export function withKeys(
  context: RoundContext,
  act: (driver: Driver) => Promise<readonly Measured[]>,
): Promise<readonly Measured[]> {
  return onStage(context, context.keptDirectory, async ({ driver }) => {
    await context.loadOnce(() => driver.do('load', loadOf(keys[context.scale], valueBytes)))
    return act(driver)
  })
}

export function runAtRate(
  context: RoundContext,
  driver: Driver,
  kind: OpenLoopKind,
  rate: number,
  step: number,
  times: OpenLoopTimes,
): Promise<StepResult> {
  const shares = { [kind]: 1 }
  const mix = mixOf({ shares, valueBytes, loaded: keys[context.scale] }, context, step)
  const loop = { rate, outstandingMax, whenFull: 'give-up', ...times } as const
  return driver.do('openLoop', { mix, loop })
}
