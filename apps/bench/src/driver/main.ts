/**
 * The process that makes load: one client, or one embedded store, in a process of its own, so that the bench
 * itself, the servers and earlier rounds leave no trace in it. Started by driver.ts with `--expose-gc`.
 */
import type { OpenSession, Session } from '../sessions/session.ts'
import { closedLoop } from './closed-loop.ts'
import { keyOf } from './keys.ts'
import { Latencies } from './latencies.ts'
import { load } from './loading.ts'
import { openLoop } from './open-loop.ts'
import { isSame, operationOf } from './operations.ts'
import { profiled } from './profiler.ts'
import type { Memory, StepName, StepReply, StepRequest, Steps, StopRequest } from './steps.ts'
import { TurnMonitor } from './turn-monitor.ts'
import { ValuePool } from './value-pool.ts'

let current: Session | undefined
let stop = new AbortController()

const steps: {
  readonly [Name in StepName]: (asks: Steps[Name]['asks']) => Promise<Steps[Name]['answers']>
} = {
  async open({ session, target }) {
    const emptyMemory = memory()
    const module = (await import(`../sessions/${session}.ts`)) as { open: OpenSession }
    const startedAt = performance.now()
    current = await module.open(target)
    return { seconds: secondsSince(startedAt), emptyMemory }
  },
  load: (asks) => profiled(() => load(opened(), asks)),
  closedLoop({ mix, loop }) {
    const operation = operationOf(opened(), mix)
    return profiled(() => closedLoop(operation, { ...loop, stop: stop.signal }))
  },
  openLoop({ mix, loop }) {
    const operation = operationOf(opened(), mix)
    return profiled(() => openLoop(operation, { ...loop, stop: stop.signal }))
  },
  async count({ from, count, valueBytes }) {
    const values = new ValuePool(valueBytes)
    let found = 0
    for (let index = from; index < from + count; index++) {
      if (isSame(await opened().get(keyOf(index)), values.of(index))) found++
    }
    return found
  },
  async merge() {
    const turns = new TurnMonitor()
    const startedAt = performance.now()
    await opened().merge?.()
    return { seconds: secondsSince(startedAt), ...turns.stop() }
  },
  memory: async () => memory(),
  async randomReads({ files, bytes, depth, measureMs }) {
    const { randomReads } = await import('../raw-limits.ts')
    const latencies = new Latencies()
    const readsPerSecond = await randomReads(files, { bytes, depth, measureMs }, (ms) =>
      latencies.record(ms),
    )
    return { readsPerSecond, latency: latencies.summary() }
  },
  async soak(asks) {
    const { soak } = await import('./soak.ts')
    return soak(asks)
  },
  async close() {
    const startedAt = performance.now()
    await opened().close()
    current = undefined
    return { seconds: secondsSince(startedAt) }
  },
}

function opened(): Session {
  if (current === undefined) throw new Error('the session is not open')
  return current
}

/** Two collections: the first may leave what finalizers still hold. */
function memory(): Memory {
  globalThis.gc?.()
  globalThis.gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  return { rss, heapUsed }
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1_000
}

async function answer({ step, asks }: StepRequest): Promise<void> {
  stop = new AbortController()
  reply(
    await (steps[step] as (asks: unknown) => Promise<unknown>)(asks).then(
      (result): StepReply => ({ ok: true, answer: result }),
      (error: unknown): StepReply => ({
        ok: false,
        message: error instanceof Error ? error.message : String(error),
        stack: error instanceof Error ? (error.stack ?? '') : '',
      }),
    ),
  )
}

function reply(message: StepReply): void {
  process.send?.(message)
}

process.on('message', (message: StepRequest | StopRequest) => {
  if ('stop' in message) stop.abort()
  else void answer(message)
})
// The bench is gone: nobody waits for a result.
process.on('disconnect', () => process.exit(1))
