import { expect, test } from 'vitest'
import { judge, type Verdict } from './judge.ts'
import { metrics } from './metric.ts'
import type { RunFile, WorkloadRun } from './results/run-file.ts'
import { type Row, testingRun, testingWorkload } from './results/testing-run.ts'
import { targets } from './targets.ts'

function verdicts(id: string, runs: readonly RunFile[]): Verdict[] {
  return judge(runs).filter(({ target }) => target.id === id)
}

function ofRows(id: string, workload: string, rows: readonly Row[], more?: Partial<WorkloadRun>) {
  return verdicts(id, [testingRun([testingWorkload(workload, rows, more)])])
}

test('every target from P1 to P16 is there', () => {
  const ids = new Set(targets.map(({ id }) => id))
  const whole = Array.from({ length: 15 }, (_, at) => `P${at + 1}`)
  expect([...ids]).toEqual([...whole, 'P16a', 'P16b'])
})

test('a ratio is wanted of metrics with the direction that its bound has', () => {
  for (const { id, parts } of targets) {
    for (const { metric, bound } of parts) {
      const better = metrics[metric].better === 'higher' ? 'at least' : 'at most'
      expect(bound.side, `${id} ${metric}`).toBe(better)
    }
  }
})

test('P1 is judged against the best client of Redis, round by round', () => {
  const [at50, at500] = ofRows('P1', 'put', [
    ['kv', 'new, 50 in flight', 'throughput', [200, 400, 300, 300, 300]],
    ['redis-ioredis', 'new, 50 in flight', 'throughput', [100, 200, 150, 150, 150]],
    ['redis-node-redis', 'new, 50 in flight', 'throughput', [90, 90, 90, 90, 90]],
    ['kv', 'new, 500 in flight', 'throughput', [190, 190, 190, 190, 190]],
    ['redis-ioredis', 'new, 500 in flight', 'throughput', [100, 100, 100, 100, 100]],
  ])
  expect(at50).toMatchObject({
    state: 'reached',
    wanted: '≥ 1.3× the best Redis client',
    got: { median: 2, low: 2, high: 2, count: 5 },
    against: { peer: 'redis-ioredis', among: 2 },
  })
  expect(at500).toMatchObject({ state: 'missed', got: { median: 1.9 } })
  expect(at500).toHaveProperty('missedBy', expect.closeTo(5))
})

test('P4 adds up what the bare machine takes, and is better when lower', () => {
  const [machine, redis] = ofRows('P4', 'put-synced', [
    ['kv', 'new, 1 in flight', 'p50', [0.3, 0.3, 0.3, 0.3, 0.3]],
    ['redis-ioredis', 'new, 1 in flight', 'p50', [0.25, 0.25, 0.25, 0.25, 0.25]],
    ['machine', 'fdatasync, prepared space', 'p50', [0.2, 0.2, 0.2, 0.2, 0.2]],
    ['machine', 'loopback echo', 'p50', [0.05, 0.05, 0.05, 0.05, 0.05]],
  ])
  expect(machine).toMatchObject({ state: 'reached', got: { median: expect.closeTo(1.2) } })
  expect(redis).toMatchObject({ state: 'missed', got: { median: expect.closeTo(1.2) } })
})

test('a ratio to a peer is not judged by fewer than five rounds', () => {
  const [at50] = ofRows('P1', 'put', [
    ['kv', 'new, 50 in flight', 'throughput', [200, 200, 200, 200, 200]],
    ['redis-ioredis', 'new, 50 in flight', 'throughput', [100, 100, 100, 100, null]],
  ])
  expect(at50).toMatchObject({
    state: 'not measured',
    reason: expect.stringContaining('4 of the 5'),
  })
})

test('P8 takes the longest stall of all rounds, not their median', () => {
  const [p999, max] = ofRows('P8', 'load', [
    ['kv-embedded', '10,000,000 keys', 'stallP999', [9, 9, 40]],
    ['kv-embedded', '10,000,000 keys', 'stallMax', [9, 9, 40]],
  ])
  expect(p999?.state).toBe('reached')
  expect(max).toMatchObject({ state: 'missed', wanted: '≤ 30 ms in every round' })
})

test('P11 compares with another case of ours', () => {
  const [get, put, space] = ofRows('P11', 'merge', [
    ['kv', 'get, no merge', 'p99', [1, 2]],
    ['kv', 'get, merging', 'p99', [1.5, 3]],
    ['kv', 'put, no merge', 'p99', [1]],
    ['kv', 'put, merging', 'p99', [1.6]],
    ['kv', 'steady overwrite', 'spaceAmplification', [2]],
  ])
  expect([get?.state, put?.state, space?.state]).toEqual(['reached', 'missed', 'reached'])
})

test('a bound is shown as it is measured and as it was said', () => {
  const [perKey, , heap] = verdicts('P7', [])
  expect(perKey?.wanted).toBe('≤ 60.5 B (44.5 B + 16 B of key)')
  expect(heap?.wanted).toBe('≤ 95.4 MiB (100 MB)')
})

test('what was not run is not measured, neither reached nor missed', () => {
  expect(verdicts('P1', [])).toMatchObject([
    { state: 'not measured', reason: 'put was not run' },
    { state: 'not measured' },
  ])
})

test('a product that was skipped says why', () => {
  const skipped = [{ subject: 'redis-ioredis', reason: 'redis-server is not installed' }]
  const rows: Row[] = [['kv', 'new, 50 in flight', 'throughput', [1]]]
  expect(ofRows('P1', 'put', rows, { skipped })[0]).toMatchObject({
    state: 'not measured',
    reason: 'redis was not measured: skipped redis-ioredis (redis-server is not installed)',
  })
})

test('both sides measured, but never in one round, is an error', () => {
  const rows: Row[] = [
    ['kv', 'new, 50 in flight', 'throughput', [1, null]],
    ['redis-ioredis', 'new, 50 in flight', 'throughput', [null, 1]],
  ]
  expect(() => ofRows('P1', 'put', rows)).toThrow('no round was measured of both sides')
})

test('the newest run of a workload counts, and says whether it was a quick one', () => {
  const older = testingRun([testingWorkload('idle', idleRows(5))])
  const newer = testingRun([testingWorkload('idle', idleRows(0.5))], {
    startedAt: '2026-01-03T00:00:00.000Z',
    quick: true,
  })
  const [share] = verdicts('P16a', [newer, older])
  expect(share).toMatchObject({ state: 'reached', got: { median: 0.5 }, quick: true })
})

function idleRows(share: number): Row[] {
  return [['kv', 'empty node', 'cpuShare', [share]]]
}

test('what needs replication is not yet', () => {
  const states = ['P14', 'P15', 'P16b'].map((id) => verdicts(id, []).at(-1)?.state)
  expect(states).toEqual(['not yet', 'not yet', 'not yet'])
})
