import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { loopTimes } from './closed-loop-workload.ts'
import { keyCounts, nameOfCount } from './key-counts.ts'
import { loadOf, measured, mixOf, onStage } from './stage.ts'
import type { Measured, RoundContext, Scale, Workload } from './workload.ts'

const valueBytes = 100
const kinds = ['put', 'get'] as const

/** The smallest and the largest number of keys. */
function ends(scale: Scale): readonly number[] {
  const counts = scale === 'quick' ? [...keyCounts.quick, 500_000] : keyCounts.full
  return [counts[0]!, counts.at(-1)!]
}

export const growth: Workload = {
  name: 'growth',
  title: 'CPU per operation as the store grows',
  about:
    'Puts over keys that are there and gets of them, uniform, 16 in flight: CPU time of the process that has the store embedded, the driver of the load included.',
  targets: ['P13'],
  subjects: ['kv-embedded'],
  durability: 'none',
  rounds: 3,
  parameters: (scale) => ({
    'key bytes': 16,
    'value bytes': valueBytes,
    'warm-up ms': loopTimes[scale].warmupMs,
    'measured ms': loopTimes[scale].measureMs,
  }),
  cases: (scale) =>
    kinds.flatMap((kind) =>
      ends(scale).map((count) => ({
        name: `${kind}, ${nameOfCount(count)}`,
        metrics: ['cpuPerOperation', 'throughput'] as const,
        axis: { name: `keys, ${kind}`, value: count },
      })),
    ),
  async measure(context) {
    await context.loadOnce(() => loadAll(context))
    const samples: Measured[] = []
    for (const count of ends(context.scale)) {
      context.progress(nameOfCount(count))
      samples.push(...(await measureAt(context, count)))
    }
    return samples
  },
}

async function loadAll(context: RoundContext): Promise<void> {
  for (const count of ends(context.scale)) {
    await mkdir(directoryOf(context, count))
    await onStage(context, directoryOf(context, count), ({ driver }) =>
      driver.do('load', loadOf(count, valueBytes)),
    )
  }
}

function directoryOf({ keptDirectory }: RoundContext, count: number): string {
  return join(keptDirectory, `${count}`)
}

async function measureAt(context: RoundContext, count: number): Promise<Measured[]> {
  return onStage(context, directoryOf(context, count), async ({ driver }) => {
    const samples: Measured[] = []
    for (const [step, kind] of kinds.entries()) {
      const mix = mixOf({ shares: { [kind]: 1 }, valueBytes, loaded: count }, context, step)
      const loop = { ...loopTimes[context.scale], inFlight: 16, operationsPerTurn: 64 }
      const result = await driver.do('closedLoop', { mix, loop })
      samples.push(measured(`${kind}, ${nameOfCount(count)}`, result))
    }
    return samples
  })
}
