/** The loops in real time: what they count, and that a stall is felt by all that should have started in it. */
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { closedLoop } from '../../src/driver/closed-loop.ts'
import { openLoop } from '../../src/driver/open-loop.ts'

function spin(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

test('a closed loop has as many under way as asked for, never more', async () => {
  let underWay = 0
  let most = 0
  const operation = async (): Promise<number> => {
    most = Math.max(most, ++underWay)
    await delay(2)
    underWay--
    return 3
  }
  const result = await closedLoop(operation, { inFlight: 20, warmupMs: 50, measureMs: 300 })
  expect(most).toBe(20)
  expect(underWay).toBe(0)
  expect(result.errors).toBe(0)
  expect(result.entries).toBe(result.operations * 3)
  expect(result.latency['p50']).toBeGreaterThanOrEqual(1.9)
  // 20 lanes of at least 2 ms each.
  expect(result.operations / result.seconds).toBeLessThanOrEqual(20 / 0.0019)
  expect(result.operations).toBeGreaterThan(100)
})

test('operations that answer in the same turn let the event loop turn', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const result = await closedLoop(() => 1, {
    inFlight: 1,
    warmupMs: 0,
    measureMs: 200,
    operationsPerTurn: 64,
  })
  clearInterval(timer)
  expect(result.operations).toBeGreaterThan(1_000)
  expect(turns).toBeGreaterThan(20)
})

test('a closed loop ends with the first failure, and when it has made enough', async () => {
  const failed = await closedLoop(() => Promise.reject(new Error('no more')), {
    inFlight: 4,
    warmupMs: 0,
    measureMs: 60_000,
  })
  expect(failed.errors).toBeGreaterThan(0)
  expect(failed.firstError).toBe('no more')
  const enough = await closedLoop(() => delay(1, 1), {
    inFlight: 4,
    warmupMs: 0,
    measureMs: 60_000,
    operationsMax: 40,
  })
  expect(enough.seconds).toBeLessThan(30)
  expect(enough.operations).toBeGreaterThan(30)
  expect(enough.operations).toBeLessThanOrEqual(40)
})

test('a stall counts for all that should have started in it (no coordinated omission)', async () => {
  let calls = 0
  const operation = (): Promise<number> => {
    if (++calls === 300) spin(200)
    return Promise.resolve(1)
  }
  const options = { warmupMs: 0, measureMs: 1_000, outstandingMax: 10_000 }
  const open = await openLoop(operation, { ...options, rate: 1_000 })
  // One in five starts in the stall, and waits 100 ms on average: seen at p90, not only as the longest.
  expect(open.operations).toBe(1_000)
  expect(open.latency['p90']).toBeGreaterThan(80)
  expect(open.latency['max']).toBeGreaterThanOrEqual(199)
  calls = 0
  const closed = await closedLoop(operation, { inFlight: 1, warmupMs: 0, measureMs: 1_000 })
  expect(closed.latency['p90']).toBeLessThan(80)
})

test('an open loop gives up on a store that does not keep up', async () => {
  const result = await openLoop(() => delay(20, 1), {
    rate: 5_000,
    warmupMs: 0,
    measureMs: 2_000,
    outstandingMax: 50,
  })
  expect(result.isOverloaded).toBe(true)
  expect(result.seconds).toBeLessThan(1.5)
})
