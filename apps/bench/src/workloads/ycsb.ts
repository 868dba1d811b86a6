import { type ClosedCase, closedLoopWorkload } from './closed-loop-workload.ts'
import { networkProducts } from './subject-lists.ts'
import type { Workload } from './workload.ts'

const inFlight = 50

/** The core workloads of the Yahoo! Cloud Serving Benchmark (Cooper et al., SoCC 2010, table 2 and section 4.2). */
const cases: readonly ClosedCase[] = [
  { name: 'A, 50 in flight', shares: { get: 0.5, put: 0.5 }, keys: 'zipfian' },
  { name: 'B, 50 in flight', shares: { get: 0.95, put: 0.05 }, keys: 'zipfian' },
  { name: 'C, 50 in flight', shares: { get: 1 }, keys: 'zipfian' },
  { name: 'D, 50 in flight', shares: { get: 0.95, insert: 0.05 }, keys: 'latest' },
  { name: 'E, 50 in flight', shares: { scan: 0.95, insert: 0.05 }, keys: 'zipfian', entries: 100 },
  { name: 'F, 50 in flight', shares: { get: 0.5, readModifyWrite: 0.5 }, keys: 'zipfian' },
].map((each) => ({ ...each, inFlight, axis: { name: 'workload', value: 0 } }) as ClosedCase)

export const ycsb: Workload = closedLoopWorkload({
  name: 'ycsb',
  title: 'YCSB A to F',
  about:
    'A: half gets, half updates; B: 95 % gets; C: gets; D: gets of the newest; E: short ranges; F: read, modify, write.',
  targets: [],
  durability: 'interval',
  subjects: networkProducts,
  valueBytes: 1_000,
  keys: { quick: 10_000, full: 50_000 },
  isFresh: false,
  cases: () => cases,
})
