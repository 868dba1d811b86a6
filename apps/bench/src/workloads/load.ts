import { keyCounts, nameOfCount } from './key-counts.ts'
import { loadOf, onStage } from './stage.ts'
import type { Measured, RoundContext, Workload } from './workload.ts'

const valueBytes = 100

export const loadKeys: Workload = {
  name: 'load',
  title: 'Load, and what a key costs',
  about:
    'New keys in random order by batches of 1,000 into the embedded store: memory over an empty process after it, and how long the event loop was kept from turning, in a merge that follows too. The largest number is loaded in the first round only.',
  targets: ['P7', 'P8'],
  subjects: ['kv-embedded'],
  durability: 'none',
  rounds: 3,
  parameters: () => ({ 'key bytes': 16, 'value bytes': valueBytes, 'keys of a batch': 1_000 }),
  cases: (scale) =>
    keyCounts[scale].map((count) => ({
      name: nameOfCount(count),
      metrics: ['rssPerKey', 'heapPerKey', 'heap', 'stallP999', 'stallMax', 'loadTime'],
      axis: { name: 'keys', value: count },
    })),
  async measure(context) {
    const samples: Measured[] = []
    for (const count of keyCounts[context.scale]) {
      if (count === keyCounts.full.at(-1) && !context.isFirstRound) continue
      context.progress(nameOfCount(count))
      samples.push(await measureLoad(context, count))
    }
    return samples
  },
}

async function measureLoad(context: RoundContext, count: number): Promise<Measured> {
  const directory = await context.freshDirectory()
  return onStage(context, directory, async ({ driver, emptyMemory }) => {
    const loading = await driver.do('load', loadOf(count, valueBytes))
    const memory = await driver.do('memory')
    const merging = await driver.do('merge')
    return {
      case: nameOfCount(count),
      values: {
        rssPerKey: (memory.rss - emptyMemory.rss) / count,
        heapPerKey: (memory.heapUsed - emptyMemory.heapUsed) / count,
        rss: memory.rss,
        heap: memory.heapUsed,
        stallP999: Math.max(loading.stallP999, merging.stallP999),
        stallMax: Math.max(loading.stallMax, merging.stallMax),
        loadTime: loading.seconds,
      },
      ...(loading.profile === undefined ? {} : { profile: loading.profile }),
    }
  })
}
