import { attempt } from './closed-loop-workload.ts'
import {
  type OpenLoopTimes,
  openLoopCommon,
  openLoopParameters,
  runAtRate,
  withKeys,
} from './open-loop-stage.ts'
import { measured } from './stage.ts'
import type { Measured, Scale, Workload } from './workload.ts'

const times: Readonly<Record<Scale, OpenLoopTimes>> = {
  quick: { warmupMs: 300, measureMs: 1_000 },
  full: { warmupMs: 400, measureMs: 2_000 },
}

const points = (['get', 'put'] as const).flatMap((kind) =>
  [1_000, 5_000, 20_000].map((rate) => ({
    name: `${kind}, ${rate.toLocaleString('en')}/s`,
    kind,
    rate,
  })),
)

/** Latency at rates that do not depend on the answers, counted from the intended start. */
export const latency: Workload = {
  ...openLoopCommon,
  name: 'latency',
  title: 'Latency at a fixed rate (open loop)',
  about:
    'Operations start at even intervals whether or not earlier ones are answered, and count from there.',
  parameters: (scale) => openLoopParameters(scale, times[scale]),
  cases: () =>
    points.map(({ name }) => ({ name, metrics: ['p50', 'p99', 'p999', 'max', 'lateP99'] })),
  measure: (context) =>
    withKeys(context, async (driver) => {
      const samples: Measured[] = []
      for (const [step, { name, kind, rate }] of points.entries()) {
        context.progress(name)
        const result = await runAtRate(context, driver, kind, rate, step, times[context.scale])
        if (result.isOverloaded === true) context.skip(name, 'does not keep up with this rate')
        else await attempt(context, name, async () => void samples.push(measured(name, result)))
      }
      return samples
    }),
}
