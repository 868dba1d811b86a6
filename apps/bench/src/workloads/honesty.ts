import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { redisBenchmarkFlags, runRedisBenchmark } from '../redis-benchmark.ts'
import { formatSpread } from '../results/format-value.ts'
import { quotients, roundValues } from '../results/round-values.ts'
import type { WorkloadRun } from '../results/run-file.ts'
import { spreadOf } from '../results/spread.ts'
import { serveKv } from '../subjects/kv.ts'
import type { SessionName } from '../subjects/subject.ts'
import { loopTimes } from './closed-loop-workload.ts'
import { loadOf, measured, mixOf, onStage } from './stage.ts'
import type { Measured, RoundContext, Workload } from './workload.ts'

const valueBytes = 100
const keys = 10_000
const inFlight = 50
const rate = 100
const latencyMs = { warmupMs: 500, measureMs: 3_000 }
const delayMs = 2
const delayFile = join(import.meta.dirname, '../delayed-answers.mjs')

const kinds = ['put', 'get'] as const
const drivers: readonly { readonly name: string; readonly session: SessionName }[] = [
  { name: 'this driver, bare sockets', session: 'redis-socket' },
  { name: 'this driver, ioredis on one socket', session: 'ioredis' },
]

const openCase = `get, ${rate.toLocaleString('en')}/s`
const delayedCase = `${openCase}, answers ${delayMs} ms late`

const lateAnswers = {
  NODE_OPTIONS: `--import=${pathToFileURL(delayFile).href}`,
  KV_BENCH_DELAY_MS: `${delayMs}`,
}

/** Whether the bench itself can be trusted. */
export const honesty: Workload = {
  name: 'honesty',
  title: 'Is the bench honest?',
  about:
    'redis-benchmark and this driver on the same Redis, 50 commands in flight on 50 sockets; and a kv server whose every answer leaves 2 ms late, which the open loop must show.',
  targets: [],
  subjects: ['kv', 'redis-ioredis'],
  durability: 'interval',
  rounds: 5,
  parameters: (scale) => ({
    keys,
    'key bytes': 16,
    'value bytes': valueBytes,
    'in flight (Redis)': inFlight,
    'redis-benchmark': redisBenchmarkFlags({ clients: inFlight, valueBytes, keys }).join(' '),
    'late answers': `${basename(delayFile)} loaded, KV_BENCH_DELAY_MS=${delayMs}`,
    'warm-up ms': loopTimes[scale].warmupMs,
    'measured ms': loopTimes[scale].measureMs,
  }),
  cases: () => [
    ...kinds.flatMap((kind) =>
      ['redis-benchmark', ...drivers.map(({ name }) => name)].map((name) => ({
        name: `${kind}, ${name}`,
        metrics: ['throughput', 'p50', 'p99'] as const,
      })),
    ),
    ...[openCase, delayedCase].map((name) => ({
      name,
      metrics: ['p50', 'p99', 'lateP99'] as const,
    })),
  ],
  measure: (context) =>
    context.subject.product === 'kv' ? measureDelay(context) : measureRedis(context),
  findings: (run) => [...kinds.flatMap((kind) => agreement(run, kind)), ...delayShown(run)],
}

async function measureDelay(context: RoundContext): Promise<Measured[]> {
  const samples: Measured[] = []
  for (const [name, environment] of [
    [openCase, {}],
    [delayedCase, lateAnswers],
  ] as const) {
    context.progress(name)
    const directory = await context.freshDirectory()
    const serve = (directory: string) =>
      serveKv(directory, ['--durability', 'interval'], environment)
    await onStage(
      context,
      directory,
      async ({ driver }) => {
        await driver.do('load', loadOf(keys, valueBytes))
        const mix = mixOf({ shares: { get: 1 }, valueBytes, loaded: keys }, context, 0)
        const loop = { rate, outstandingMax: 1_000, whenFull: 'give-up', ...latencyMs } as const
        samples.push(measured(name, await driver.do('openLoop', { mix, loop })))
      },
      { serve },
    )
  }
  return samples
}

/** One Redis for all: its own tool and our driver in turn. */
async function measureRedis(context: RoundContext): Promise<Measured[]> {
  const { subject, durability } = context
  const samples: Measured[] = []
  const server = await subject.serve!(await context.freshDirectory(), durability)
  // The stages share one server, which none of them ends.
  const serve = async () => ({ ...server, stop: async () => undefined })
  try {
    for (const kind of kinds) {
      context.progress(`${kind}, redis-benchmark`)
      const seconds = loopTimes[context.scale].measureMs / 1_000
      const values = await runRedisBenchmark({
        port: server.port,
        kind,
        clients: inFlight,
        valueBytes,
        keys,
        requests: Math.round(60_000 * seconds),
      })
      samples.push({ case: `${kind}, redis-benchmark`, values })
    }
    for (const { name, session } of drivers) {
      context.progress(name)
      await onStage(
        context,
        '',
        async ({ driver }) => {
          await driver.do('load', loadOf(keys, valueBytes))
          for (const [step, kind] of kinds.entries()) {
            const mix = mixOf({ shares: { [kind]: 1 }, valueBytes, loaded: keys }, context, step)
            const loop = { inFlight, ...loopTimes[context.scale] }
            const result = await driver.do('closedLoop', { mix, loop })
            samples.push(measured(`${kind}, ${name}`, result))
          }
        },
        { serve, session },
      )
    }
  } finally {
    await server.stop()
  }
  return samples
}

/** How far two ways to measure the same may be apart. */
const apartMax = 0.25

function agreement(run: WorkloadRun, kind: string): string[] {
  const [driver, tool] = [drivers[0]!.name, 'redis-benchmark'].map((name) =>
    roundValues(run, 'redis-ioredis', `${kind}, ${name}`, 'throughput'),
  )
  if (driver!.size === 0 || tool!.size === 0) return []
  const spread = spreadOf(quotients(driver!, tool!, kind))
  const isNear = Math.abs(spread.median - 1) <= apartMax
  return [
    `${kind}: this driver on bare sockets reaches ${formatSpread(spread, 'x')} of redis-benchmark: ${isNear ? '' : 'NOT '}within ${apartMax * 100} %`,
  ]
}

function delayShown(run: WorkloadRun): string[] {
  const [plain, late] = [openCase, delayedCase].map((name) => roundValues(run, 'kv', name, 'p50'))
  const shown = [...late!].flatMap(([round, ms]) => {
    const base = plain!.get(round)
    return base === undefined ? [] : [ms - base]
  })
  if (shown.length === 0) return []
  return [`${delayMs} ms late answers raise the median by ${formatSpread(spreadOf(shown), 'ms')}`]
}
