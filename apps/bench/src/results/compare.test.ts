import { expect, test } from 'vitest'
import { compareRuns } from './compare.ts'
import { type Row, testingRun, testingWorkload } from './testing-run.ts'

function compared(before: readonly Row[], after: readonly Row[]) {
  return compareRuns(
    testingRun([testingWorkload('put', before)]),
    testingRun([testingWorkload('put', after)]),
  )
}

test('what leaves a gap that is smaller than the noise has not moved', () => {
  const { changes } = compared(
    [['kv', 'a', 'throughput', [80, 103, 103, 103, 104]]],
    [['kv', 'a', 'throughput', [105, 109, 109, 109, 119]]],
  )
  expect(changes[0]?.verdict).toBe('within noise')
})

test('only what leaves a gap between the rounds of both runs has moved', () => {
  const { changes } = compared(
    [
      ['kv', 'a', 'throughput', [100, 110, 110, 110, 120]],
      ['kv', 'b', 'throughput', [100, 110, 110, 110, 120]],
      ['kv', 'c', 'throughput', [100, 110, 110, 110, 120]],
    ],
    [
      ['kv', 'a', 'throughput', [120, 220, 220, 220, 220]],
      ['kv', 'b', 'throughput', [121, 220, 220, 220, 220]],
      ['kv', 'c', 'throughput', [99, 55, 55, 55, 55]],
    ],
  )
  expect(changes.map((each) => [each.case, each.percent, each.verdict])).toEqual([
    ['a', 100, 'within noise'],
    ['b', 100, 'faster'],
    ['c', -50, 'slower'],
  ])
})

test('a latency that rises is slower', () => {
  const { changes } = compared(
    [['kv', 'a', 'p99', [1, 1.1, 1, 1, 1]]],
    [['kv', 'a', 'p99', [2, 2.1, 2, 2, 2]]],
  )
  expect(changes[0]?.verdict).toBe('slower')
})

test('fewer than five rounds say too little of the noise', () => {
  const { changes } = compared(
    [['kv', 'a', 'p99', [1, 1, 1, 1]]],
    [['kv', 'a', 'p99', [2, 2, 2, 2, 2]]],
  )
  expect(changes[0]).toMatchObject({ percent: 100, verdict: 'too few rounds' })
})

test('a faster machine moves values, but not ratios to the best peer', () => {
  const { changes, ratios } = compared(
    [
      ['kv', 'a', 'throughput', [100, 104, 100, 100, 100]],
      ['etcd', 'a', 'throughput', [50, 50, 50, 50, 50]],
    ],
    [
      ['kv', 'a', 'throughput', [200, 208, 200, 200, 200]],
      ['etcd', 'a', 'throughput', [102, 100, 100, 100, 100]],
    ],
  )
  expect(changes.map(({ verdict }) => verdict)).toEqual(['faster', 'faster'])
  expect(ratios).toMatchObject([
    { case: 'a', metric: 'throughput', verdict: 'within noise', peer: 'etcd' },
  ])
})

test('a latency whose ratio to the best peer falls is slower', () => {
  const { ratios } = compared(
    [
      ['kv', 'a', 'p50', [1, 1, 1, 1, 1]],
      ['etcd', 'a', 'p50', [2, 2, 2, 2, 2]],
    ],
    [
      ['kv', 'a', 'p50', [2, 2, 2, 2, 2]],
      ['etcd', 'a', 'p50', [2, 2, 2, 2, 2]],
    ],
  )
  expect(ratios).toMatchObject([
    { percent: -50, verdict: 'slower', before: { median: 2 }, after: { median: 1 } },
  ])
})

test('cases that only samples name are compared too', () => {
  const rows: Row[] = [['machine', 'loopback echo', 'p50', [1, 1]]]
  const workload = testingWorkload('put', rows, { cases: [] })
  const { changes } = compareRuns(testingRun([workload]), testingRun([workload]))
  expect(changes).toMatchObject([{ subject: 'machine', case: 'loopback echo', percent: 0 }])
})

test('nothing in common is an error', () => {
  const before = testingRun([testingWorkload('put', [['kv', 'a', 'p50', [1]]])])
  const after = testingRun([testingWorkload('get', [['kv', 'a', 'p50', [1]]])])
  expect(() => compareRuns(before, after)).toThrow('nothing in common: put before, get after')
  const other = testingRun([testingWorkload('put', [['kv', 'b', 'p50', [1]]])])
  expect(() => compareRuns(before, other)).toThrow('nothing in common')
})

test('what differs besides the store is said', () => {
  const rows: Row[] = [['kv', 'a', 'p50', [1, 1, 1, 1, 1]]]
  const before = testingRun([testingWorkload('put', rows)])
  const after = testingRun([testingWorkload('put', rows, { parameters: { 'value bytes': 10 } })], {
    quick: true,
    machine: { ...before.machine, cores: 8 },
  })
  expect(compareRuns(before, after).differences).toEqual([
    'scale: full before, quick after',
    'cores: 4 before, 8 after',
    'put, value bytes: 100 before, 10 after',
  ])
})

test('what only one run measured is said', () => {
  const { uncompared } = compared(
    [
      ['kv', 'a', 'p50', [1]],
      ['kv', 'b', 'p50', [1]],
    ],
    [
      ['kv', 'a', 'p50', [1]],
      ['etcd', 'a', 'p50', [1]],
    ],
  )
  expect(uncompared).toEqual(['put, b, kv: only before', 'put, a, etcd: only after'])
})

test('against another best peer nothing is said', () => {
  const five = [1, 1, 1, 1, 1]
  const { ratios } = compared(
    [
      ['kv', 'a', 'p50', five],
      ['etcd', 'a', 'p50', five],
    ],
    [
      ['kv', 'a', 'p50', five],
      ['nats', 'a', 'p50', five],
    ],
  )
  expect(ratios).toEqual([])
})
