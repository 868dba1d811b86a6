import { closedLoopWorkload } from './closed-loop-workload.ts'
import type { Workload } from './workload.ts'

export const batch: Workload = closedLoopWorkload({
  name: 'batch',
  title: 'Batches over the network',
  about: 'New keys, so many to a batch that is written as a whole; entries a second.',
  targets: [],
  durability: 'interval',
  subjects: ['kv', 'redis-ioredis', 'redis-node-redis', 'etcd'],
  valueBytes: 100,
  keys: { quick: 0, full: 0 },
  isFresh: true,
  cases: () =>
    [10, 100, 1_000].map((entries) => ({
      name: `batch of ${entries}, 4 in flight`,
      shares: { batch: 1 },
      inFlight: 4,
      entries,
      metrics: ['entries', 'p50', 'p99'],
      axis: { name: 'entries of a batch', value: entries },
    })),
})
