import { dropDirectoryFromPageCache, pageCacheObstacle } from '../page-cache.ts'
import { nameOfCount } from './key-counts.ts'
import { loadOf, onStage } from './stage.ts'
import type { Measured, Scale, Workload } from './workload.ts'

const keys: Readonly<Record<Scale, number>> = { quick: 200_000, full: 50_000_000 }
const valueBytes = 8
/** Looked up after each opening. */
const checkedKeys = 1_000

export const manyKeys: Workload = {
  name: 'many-keys',
  title: 'As many small keys as there may be',
  about:
    'Small keys and values in random order into the embedded store, which is killed, opened, closed and opened again, its files out of the page cache each time.',
  targets: [],
  subjects: ['kv-embedded'],
  needsDisk: true,
  obstacle: pageCacheObstacle,
  durability: 'none',
  rounds: 1,
  parameters: () => ({ 'key bytes': 16, 'value bytes': valueBytes, 'keys of a batch': 1_000 }),
  cases: (scale) => [
    {
      name: `load, ${nameOfCount(keys[scale])}`,
      metrics: ['loadTime', 'rssPerKey', 'rss', 'heap', 'stallP999', 'stallMax'],
    },
    { name: `kill -9, ${nameOfCount(keys[scale])}`, metrics: ['openTime', 'rssPerKey'] },
    { name: `clean close, ${nameOfCount(keys[scale])}`, metrics: ['openTime', 'rssPerKey'] },
  ],
  async measure(context) {
    const count = keys[context.scale]
    const directory = await context.freshDirectory()
    const samples: Measured[] = []
    context.progress('load')
    await onStage(
      context,
      directory,
      async ({ driver, emptyMemory }) => {
        const { seconds, stallP999, stallMax } = await driver.do('load', loadOf(count, valueBytes))
        const { rss, heapUsed } = await driver.do('memory')
        const rssPerKey = (rss - emptyMemory.rss) / count
        samples.push({
          case: `load, ${nameOfCount(count)}`,
          values: { loadTime: seconds, rssPerKey, rss, heap: heapUsed, stallP999, stallMax },
        })
        await driver.kill()
      },
      { closes: false },
    )
    for (const end of ['kill -9', 'clean close']) {
      await dropDirectoryFromPageCache(directory)
      context.progress(`open after ${end}`)
      await onStage(context, directory, async ({ driver, emptyMemory, openSeconds }) => {
        const from = count - checkedKeys
        const found = await driver.do('count', { from, count: checkedKeys, valueBytes })
        if (found !== checkedKeys) throw new Error(`of the last keys only ${found} are there`)
        const { rss } = await driver.do('memory')
        const rssPerKey = (rss - emptyMemory.rss) / count
        samples.push({
          case: `${end}, ${nameOfCount(count)}`,
          values: { openTime: openSeconds, rssPerKey },
        })
      })
    }
    return samples
  },
}
