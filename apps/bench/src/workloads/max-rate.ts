import { attempt } from './closed-loop-workload.ts'
import {
  type OpenLoopTimes,
  openLoopCommon,
  openLoopParameters,
  runAtRate,
  withKeys,
} from './open-loop-stage.ts'
import type { Measured, Scale, Workload } from './workload.ts'

const p99BoundMs = 10
const kinds = ['get', 'put'] as const
const times: Readonly<Record<Scale, OpenLoopTimes>> = {
  quick: { warmupMs: 200, measureMs: 400 },
  full: { warmupMs: 200, measureMs: 600 },
}

/** The highest rate that keeps p99 under a bound: doubled until it breaks, then halved into. */
export const maxRate: Workload = {
  ...openLoopCommon,
  name: 'max-rate',
  title: `Highest rate with p99 under ${p99BoundMs} ms (open loop)`,
  about:
    'A search over fixed rates: doubled until the bound breaks, then the gap is halved four times. A rate holds when one of two tries does.',
  parameters: (scale) => ({
    ...openLoopParameters(scale, times[scale]),
    'bound of p99, ms': p99BoundMs,
  }),
  cases: () => kinds.map((name) => ({ name, metrics: ['rateAtBound'] })),
  measure: (context) =>
    withKeys(context, async (driver) => {
      const samples: Measured[] = []
      for (const kind of kinds) {
        context.progress(kind)
        let step = 0
        const holds = async (rate: number): Promise<boolean> => {
          const result = await runAtRate(context, driver, kind, rate, step++, times[context.scale])
          const isKept = result.isOverloaded !== true && result.errors === 0
          return isKept && (result.latency['p99'] ?? Infinity) <= p99BoundMs
        }
        await attempt(context, kind, async () => {
          // A second try, as one hiccup of the machine must not decide.
          const rateAtBound = await highestRate(
            async (rate) => (await holds(rate)) || (await holds(rate)),
          )
          samples.push({ case: kind, values: { rateAtBound } })
        })
      }
      return samples
    }),
}

/** The last rate that held, to about 6 %. */
export async function highestRate(holds: (rate: number) => Promise<boolean>): Promise<number> {
  let low = 0
  let high = 1_000
  while (await holds(high)) {
    low = high
    high *= 2
  }
  for (let halving = 0; halving < 4; halving++) {
    const middle = (low + high) / 2
    if (await holds(middle)) low = middle
    else high = middle
  }
  return low
}
