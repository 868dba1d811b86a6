import { closedLoopWorkload } from './closed-loop-workload.ts'
import type { Workload } from './workload.ts'

export const range: Workload = closedLoopWorkload({
  name: 'range',
  title: 'Ranges over the network',
  about: 'Keys and values in order from a random key on, both ways; entries a second.',
  targets: [],
  durability: 'interval',
  subjects: ['kv', 'etcd'],
  valueBytes: 100,
  keys: { quick: 20_000, full: 100_000 },
  isFresh: false,
  cases: () =>
    [10, 100, 1_000].flatMap((entries) =>
      [false, true].map((reverse) => ({
        name: `${entries} ${reverse ? 'reverse' : 'forward'}, 10 in flight`,
        shares: { range: 1 },
        inFlight: 10,
        entries,
        reverse,
        metrics: ['entries', 'p50', 'p99'] as const,
        axis: { name: `entries of a range, ${reverse ? 'reverse' : 'forward'}`, value: entries },
      })),
    ),
})
