import { type ClosedCase, closedLoopWorkload } from './closed-loop-workload.ts'
import { networkSubjects } from './subject-lists.ts'
import type { Scale, Workload } from './workload.ts'

function cases(scale: Scale): ClosedCase[] {
  const lanes = scale === 'quick' ? [1, 50, 500] : [1, 10, 50, 500]
  const get = { get: 1 }
  return [
    ...lanes.map((inFlight) => ({ name: `uniform, ${inFlight} in flight`, shares: get, inFlight })),
    {
      name: 'zipfian, 50 in flight',
      shares: get,
      keys: 'zipfian',
      inFlight: 50,
      axis: { name: 'zipfian', value: 50 },
    },
    {
      name: 'missing, 50 in flight',
      shares: get,
      keys: 'missing',
      inFlight: 50,
      axis: { name: 'missing', value: 50 },
    },
  ]
}

export const get: Workload = closedLoopWorkload({
  name: 'get',
  title: 'Get, values on disk and in the page cache',
  about: 'Gets of keys all alike, of few keys mostly (zipfian), and of keys that are missing.',
  targets: ['P3'],
  durability: 'interval',
  subjects: networkSubjects,
  valueBytes: 100,
  keys: { quick: 20_000, full: 200_000 },
  isFresh: false,
  cases,
})
