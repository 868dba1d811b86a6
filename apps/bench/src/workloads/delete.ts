import { closedLoopWorkload } from './closed-loop-workload.ts'
import { networkProducts } from './subject-lists.ts'
import type { Workload } from './workload.ts'

const keys = { quick: 40_000, full: 120_000 }

const deleteMsMax = 120_000

export const deletes: Workload = closedLoopWorkload({
  name: 'delete',
  title: 'Delete',
  about: 'Deletes of keys that are there, each once, in random order.',
  targets: [],
  durability: 'interval',
  subjects: networkProducts,
  valueBytes: 100,
  keys,
  isFresh: true,
  // Each case has its half of the keys: a fifth to warm up with, and it ends when all are deleted.
  cases: (scale) =>
    [50, 500].map((inFlight, at) => {
      const half = keys[scale] / 2
      return {
        name: `${inFlight} in flight`,
        shares: { delete: 1 },
        keys: 'sequence',
        own: { firstKey: at * half, keys: half, isLoaded: false },
        inFlight,
        operationsMax: half,
        measureMs: deleteMsMax,
      }
    }),
})
