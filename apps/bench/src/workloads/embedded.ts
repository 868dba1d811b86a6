import type { Mix } from '../driver/operations.ts'
import type { Case } from '../results/run-file.ts'
import { attempt, loopTimes } from './closed-loop-workload.ts'
import { loadOf, measured, mixOf, onStage } from './stage.ts'
import { embeddedSubjects } from './subject-lists.ts'
import type { Measured, RoundContext, Scale, Workload } from './workload.ts'

const keys: Readonly<Record<Scale, number>> = { quick: 100_000, full: 500_000 }
const valueBytes = 100
/** So many operations, then the event loop turns: what answers in the same turn must not starve it. */
const operationsPerTurn = 64

interface EmbeddedCase {
  readonly name: string
  readonly mix: Pick<Mix, 'shares' | 'entries'>
  readonly inFlight: number
  readonly metrics: Case['metrics']
}

const writes: readonly EmbeddedCase[] = [
  {
    name: 'put',
    mix: { shares: { insert: 1 } },
    inFlight: 1_000,
    metrics: ['throughput', 'cpuPerOperation'],
  },
  {
    name: 'batch of 1000',
    mix: { shares: { batch: 1 }, entries: 1_000 },
    inFlight: 4,
    metrics: ['throughput', 'p50', 'p99'],
  },
]

const reads: readonly EmbeddedCase[] = [
  {
    name: 'get',
    mix: { shares: { get: 1 } },
    inFlight: 16,
    metrics: ['throughput', 'p50', 'p99', 'cpuPerOperation'],
  },
  {
    name: 'range of 100',
    mix: { shares: { range: 1 }, entries: 100 },
    inFlight: 1,
    metrics: ['entries', 'p50', 'p99'],
  },
  {
    name: 'range of 1000',
    mix: { shares: { range: 1 }, entries: 1_000 },
    inFlight: 1,
    metrics: ['entries', 'p50', 'p99'],
  },
]

export const embedded: Workload = {
  name: 'embedded',
  title: 'The engine as a library, without sync',
  about:
    'New keys in random order one by one and by batches; gets and ranges of a store that was merged after its load.',
  targets: ['P5', 'P6'],
  subjects: embeddedSubjects,
  durability: 'none',
  rounds: 5,
  parameters: (scale) => ({
    'keys before (reads)': keys[scale],
    'keys before (writes)': 0,
    'key bytes': 16,
    'value bytes': valueBytes,
    'warm-up ms': loopTimes[scale].warmupMs,
    'measured ms': loopTimes[scale].measureMs,
    'throughput of a batch': 'counts its entries',
  }),
  cases: () => [...writes, ...reads].map(({ name, metrics }) => ({ name, metrics })),
  async measure(context) {
    const samples: Measured[] = []
    for (const each of writes) {
      const directory = await context.freshDirectory()
      await onStage(context, directory, async ({ driver }) => {
        samples.push(...(await measureCases([each], context, driver, 0)))
      })
    }
    await onStage(context, context.keptDirectory, async ({ driver }) => {
      await context.loadOnce(async () => {
        await driver.do('load', loadOf(keys[context.scale], valueBytes))
        await driver.do('merge')
      })
      samples.push(...(await measureCases(reads, context, driver, keys[context.scale])))
    })
    return samples
  },
}

async function measureCases(
  cases: readonly EmbeddedCase[],
  context: RoundContext,
  driver: Parameters<Parameters<typeof onStage>[2]>[0]['driver'],
  loaded: number,
): Promise<Measured[]> {
  const samples: Measured[] = []
  for (const [step, { name, mix, inFlight }] of cases.entries()) {
    context.progress(name)
    await attempt(context, name, async () => {
      const loop = { ...loopTimes[context.scale], inFlight, operationsPerTurn }
      const full = mixOf({ ...mix, valueBytes, loaded }, context, step)
      const sample = measured(name, await driver.do('closedLoop', { mix: full, loop }))
      const isBatch = mix.shares.batch !== undefined
      samples.push(isBatch ? countingEntries(sample) : sample)
    })
  }
  return samples
}

/** A batch is worth its entries: so it compares with single puts. */
function countingEntries({ values, ...rest }: Measured): Measured {
  return { ...rest, values: { ...values, throughput: values.entries ?? 0 } }
}
