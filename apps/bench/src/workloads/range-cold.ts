import { deviceReads } from '../device-reads.ts'
import { dropDirectoryFromPageCache, pageCacheObstacle } from '../page-cache.ts'
import { loadOf, measured, mixOf, onStage } from './stage.ts'
import type { Measured, Scale, Workload } from './workload.ts'

const keys: Readonly<Record<Scale, number>> = { quick: 100_000, full: 1_000_000 }
const valueBytes = 100
const entries = 100
const operations = 200

const cases = [
  { name: 'range of 100', shares: { range: 1 } },
  { name: '100 gets', shares: { neighbours: 1 } },
]

export const rangeCold: Workload = {
  name: 'range-cold',
  title: 'Cold ranges after a merge',
  about:
    'Ranges of 100 neighbouring keys from random places of a merged store whose files are not in the page cache, against gets of the same keys one by one.',
  targets: ['P12'],
  subjects: ['kv-embedded'],
  needsDisk: true,
  obstacle: pageCacheObstacle,
  durability: 'none',
  rounds: 5,
  parameters: (scale) => ({
    keys: keys[scale],
    'key bytes': 16,
    'value bytes': valueBytes,
    'operations a round': operations,
  }),
  cases: () => cases.map(({ name }) => ({ name, metrics: ['entries', 'diskReads', 'p50', 'p99'] })),
  measure(context) {
    const directory = context.keptDirectory
    return onStage(context, directory, async ({ driver }) => {
      const loaded = keys[context.scale]
      await context.loadOnce(async () => {
        await driver.do('load', loadOf(loaded, valueBytes))
        await driver.do('merge')
      })
      const samples: Measured[] = []
      for (const [step, { name, shares }] of cases.entries()) {
        context.progress(name)
        const mix = mixOf({ shares, entries, valueBytes, loaded }, context, step)
        const loop = { inFlight: 1, warmupMs: 0, measureMs: 30_000, operationsMax: operations }
        await dropDirectoryFromPageCache(directory)
        const before = await deviceReads(directory)
        const result = await driver.do('closedLoop', { mix, loop })
        const after = await deviceReads(directory)
        const sample = measured(name, result)
        const diskReads =
          before === undefined || after === undefined
            ? {}
            : { diskReads: (after - before) / result.operations }
        samples.push({ ...sample, values: { ...sample.values, ...diskReads } })
      }
      return samples
    })
  },
}
