/** The loops in real time: what they count, and that a stall is felt by all that should have started in it. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
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
  const options = {
    warmupMs: 0,
    measureMs: 1_000,
    outstandingMax: 10_000,
    whenFull: 'give-up',
  } as const
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
    whenFull: 'give-up',
  })
  expect(result.isOverloaded).toBe(true)
  expect(result.seconds).toBeLessThan(1.5)
})

test('an open loop that waits for room leaves nothing out', async () => {
  const result = await openLoop(() => delay(20, 1), {
    rate: 2_000,
    warmupMs: 0,
    measureMs: 500,
    outstandingMax: 10,
    whenFull: 'wait',
  })
  // 10 at a time for 20 ms are 500 a second: the last of 1,000 is sent 1.5 s late.
  expect(result.isOverloaded).toBe(false)
  expect(result.operations).toBeLessThan(400)
  expect(result.latency['max']).toBeGreaterThan(1_200)
  expect(result.latency['p50']).toBeGreaterThan(500)
})

test('slow answers are counted where they come, so that their rate is right', async () => {
  // 50 lanes of 100 ms: 500 a second, though a third of a window of 300 ms is in flight at either end.
  const options = { inFlight: 50, warmupMs: 250, measureMs: 300 }
  const { operations, seconds } = await closedLoop(() => delay(100, 1), options)
  expect(operations / seconds).toBeGreaterThan(400)
  expect(operations / seconds).toBeLessThan(620)
})

const never = (): Promise<number> => new Promise(() => undefined)

test('an answer that never comes is an error, not a bench that hangs', async () => {
  const times = { warmupMs: 0, measureMs: 50, graceMs: 100 }
  const closed = await closedLoop(never, { ...times, inFlight: 3 })
  expect(closed).toMatchObject({ operations: 0, errors: 1 })
  expect(closed.firstError).toContain('3 operations were not answered')
  const options = { ...times, rate: 100, outstandingMax: 100, whenFull: 'wait' } as const
  expect((await openLoop(never, options)).firstError).toContain('were not answered')
})

test('a driver that dies is an error, and nothing keeps the bench from ending', async () => {
  const driverFile = join(import.meta.dirname, '../../src/driver/driver.ts')
  const program = `
    import { Driver } from ${JSON.stringify(driverFile)}
    const driver = Driver.start()
    const files = [process.execPath]
    const reading = driver.do('randomReads', { files, bytes: 1, depth: 1, measureMs: 600_000 })
    setTimeout(() => driver.kill().then(() => driver.stopLoop()), 500)
    await reading.catch((error) => console.log(error.message))
  `
  const args = ['--input-type=module', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 })
  expect(stdout.trim()).toBe('the driver ended with SIGKILL')
})
