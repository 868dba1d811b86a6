import { expect, test } from 'vitest'
import { ratiosOf, ratioToBest } from './ratios.ts'
import { testingWorkload } from './testing-run.ts'

test('a higher value is better as often as it is larger, a lower one as often as it is smaller', () => {
  const workload = testingWorkload('put', [
    ['kv', 'a', 'throughput', [200, 300]],
    ['etcd', 'a', 'throughput', [100, 100]],
    ['kv', 'a', 'p50', [2, 2]],
    ['etcd', 'a', 'p50', [1, 1]],
  ])
  expect(ratiosOf(workload)).toMatchObject([
    { metric: 'throughput', peer: 'etcd', spread: { median: 2.5, low: 2, high: 3, count: 2 } },
    { metric: 'p50', peer: 'etcd', spread: { median: 0.5 } },
  ])
})

test('ratios are made of samples of the same round, not of medians', () => {
  const workload = testingWorkload('put', [
    ['kv', 'a', 'throughput', [10, 100, 1000]],
    ['etcd', 'a', 'throughput', [5, 50, 500]],
  ])
  expect(ratiosOf(workload)[0]?.spread).toEqual({ median: 2, low: 2, high: 2, count: 3 })
})

test('rounds that one side misses do not count', () => {
  const workload = testingWorkload('put', [
    ['kv', 'a', 'throughput', [10, 100, null]],
    ['etcd', 'a', 'throughput', [null, 50, 500]],
  ])
  expect(ratiosOf(workload)[0]?.spread).toMatchObject({ median: 2, count: 1 })
})

test('no common round is an error that names the comparison', () => {
  const workload = testingWorkload('put', [
    ['kv', 'a', 'throughput', [10, null]],
    ['etcd', 'a', 'throughput', [null, 50]],
  ])
  expect(() => ratiosOf(workload)).toThrow('put, a, throughput: kv against etcd: no round')
})

test('a peer without the case, and the machine, are not compared with', () => {
  const workload = testingWorkload('range', [
    ['kv', 'a', 'entries', [10]],
    ['kv', 'b', 'entries', [10]],
    ['etcd', 'b', 'entries', [10]],
    ['machine', 'a', 'entries', [10]],
  ])
  expect(ratiosOf(workload).map((each) => [each.case, each.peer])).toEqual([['b', 'etcd']])
})

test('the best of a product is best by its median, and is one subject in all rounds', () => {
  const workload = testingWorkload('put', [
    ['kv', 'a', 'throughput', [100, 100, 100]],
    ['redis-ioredis', 'a', 'throughput', [90, 10, 10]],
    ['redis-node-redis', 'a', 'throughput', [20, 50, 50]],
    ['etcd', 'a', 'throughput', [99, 99, 99]],
  ])
  expect(ratioToBest(workload, 'a', 'throughput', 'redis')).toMatchObject({
    peer: 'redis-node-redis',
    candidates: ['redis-ioredis', 'redis-node-redis'],
    spread: { median: 2, low: 2, high: 5 },
  })
  expect(ratioToBest(workload, 'a', 'throughput')?.peer).toBe('etcd')
})

test('of a metric that is better when lower, the best is the lowest', () => {
  const workload = testingWorkload('put', [
    ['kv', 'a', 'p50', [1]],
    ['redis-ioredis', 'a', 'p50', [4]],
    ['redis-node-redis', 'a', 'p50', [2]],
  ])
  expect(ratioToBest(workload, 'a', 'p50', 'redis')).toMatchObject({
    peer: 'redis-node-redis',
    spread: { median: 2 },
  })
})

test('a product that was not measured has no best', () => {
  const workload = testingWorkload('put', [['kv', 'a', 'p50', [1]]])
  expect(ratioToBest(workload, 'a', 'p50', 'redis')).toBeUndefined()
})

test('two subjects of ours in one workload are an error', () => {
  const workload = testingWorkload('put', [
    ['kv', 'a', 'p50', [1]],
    ['kv-embedded', 'a', 'p50', [1]],
  ])
  expect(() => ratiosOf(workload)).toThrow('2 subjects of ours')
})
