import { type ClosedCase, closedLoopWorkload } from './closed-loop-workload.ts'
import { networkProducts } from './subject-lists.ts'
import type { Workload } from './workload.ts'

const sizes = [
  [16, '16 B'],
  [1_024, '1 KiB'],
  [32_768, '32 KiB'],
  [1_048_576, '1 MiB'],
] as const

const keysMax = 1_000
/** What the keys of one size hold together at most. */
const bytesMax = 64 * 1_048_576

export const valueSize: Workload = closedLoopWorkload({
  name: 'value-size',
  title: 'Puts and gets of values from 16 B to 1 MiB',
  about: 'Up to 1,000 keys for each size, 64 MiB at most, written over and read, 20 in flight.',
  targets: [],
  durability: 'interval',
  subjects: networkProducts,
  valueBytes: 16,
  keys: { quick: 0, full: 0 },
  isFresh: true,
  cases: () =>
    sizes.flatMap(([valueBytes, label], at) => {
      const own = {
        firstKey: at * keysMax,
        keys: Math.min(keysMax, Math.floor(bytesMax / valueBytes)),
        isLoaded: true,
      }
      return ['put', 'get'].map(
        (kind): ClosedCase => ({
          name: `${kind}, ${label}`,
          shares: { [kind]: 1 },
          own,
          inFlight: 20,
          valueBytes,
          axis: { name: `value bytes, ${kind}`, value: valueBytes },
        }),
      )
    }),
})
