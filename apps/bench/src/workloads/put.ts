import { type ClosedCase, closedLoopWorkload } from './closed-loop-workload.ts'
import { measureRawLimits } from './machine-limits.ts'
import { networkSubjects } from './subject-lists.ts'
import type { Scale, Workload } from './workload.ts'

const keys = { quick: 20_000, full: 100_000 }

function cases(scale: Scale): ClosedCase[] {
  const lanes = scale === 'quick' ? [1, 50, 500] : [1, 10, 50, 500]
  return [
    ...lanes.map((inFlight) => ({
      name: `new, ${inFlight} in flight`,
      shares: { insert: 1 },
      inFlight,
    })),
    { name: 'overwrite, 50 in flight', shares: { put: 1 }, inFlight: 50, axis: noAxis },
  ]
}

/** Not a point of the curve. */
const noAxis = { name: 'overwrite', value: 50 }

export const put: Workload = closedLoopWorkload({
  name: 'put',
  title: 'Put, synced every second',
  about:
    'Puts of new keys in random order and of keys that are there; on the disk within a second.',
  targets: ['P1'],
  durability: 'interval',
  subjects: networkSubjects,
  valueBytes: 100,
  keys,
  isFresh: true,
  cases,
})

export const putSynced: Workload = closedLoopWorkload({
  name: 'put-synced',
  title: 'Put, on the disk before the answer',
  about:
    'The same, answered when the disk has it; with the cost of one sync and one loopback echo.',
  targets: ['P2', 'P4'],
  durability: 'always',
  needsDisk: true,
  subjects: networkSubjects,
  valueBytes: 100,
  keys,
  isFresh: true,
  cases,
  measureMachine: measureRawLimits,
})
