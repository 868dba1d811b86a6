import { Driver } from '../driver/driver.ts'
import { dropDirectoryFromPageCache, pageCacheObstacle } from '../page-cache.ts'
import { keyCounts, nameOfCount } from './key-counts.ts'
import { loadOf } from './stage.ts'
import type { Measured, RoundContext, Workload } from './workload.ts'

interface Size {
  readonly count: number
  readonly valueBytes: number
  readonly suffix: string
}

const valueBytes = 100
/** Ten times the data of as many keys: the time to open must not grow with it. */
const large = { count: 1_000_000, valueBytes: 1_000, suffix: ' of 1,000 B' }

function sizes(context: Pick<RoundContext, 'scale'>): readonly Size[] {
  const { scale } = context
  const small = keyCounts[scale].map((count) => ({ count, valueBytes, suffix: '' }))
  return scale === 'full' ? [...small, large] : small
}

function names({ count, suffix }: Size): { kill: string; close: string } {
  const keys = `${nameOfCount(count)}${suffix}`
  return { kill: `kill -9, ${keys}`, close: `clean close, ${keys}` }
}

export const open: Workload = {
  name: 'open',
  title: 'Open after a kill and after a clean close',
  about:
    'The embedded store is killed right after its load, or closed, its files are dropped from the page cache, and it is opened: how long that takes, and what a key then costs in memory, over the process before. The largest number is opened in the first round only.',
  targets: ['P7', 'P9'],
  subjects: ['kv-embedded'],
  needsDisk: true,
  obstacle: pageCacheObstacle,
  durability: 'interval',
  rounds: 3,
  parameters: () => ({ 'key bytes': 16, 'value bytes': valueBytes }),
  cases: (scale) =>
    (['kill', 'close'] as const).flatMap((end) =>
      sizes({ scale }).map((size) => ({
        name: names(size)[end],
        metrics: ['openTime', 'rssPerKey'],
        ...(size === large
          ? {}
          : {
              axis: {
                name: `keys, ${end === 'kill' ? 'kill -9' : 'clean close'}`,
                value: size.count,
              },
            }),
      })),
    ),
  async measure(context) {
    const samples: Measured[] = []
    for (const size of sizes(context)) {
      if (size.count === keyCounts.full.at(-1) && !context.isFirstRound) continue
      context.progress(`${nameOfCount(size.count)}${size.suffix}`)
      samples.push(...(await measureOpen(context, size)))
    }
    return samples
  },
}

async function measureOpen(context: RoundContext, size: Size): Promise<Measured[]> {
  const directory = await context.freshDirectory()
  await withStore(context, directory, size.count, async (driver) => {
    await driver.do('load', loadOf(size.count, size.valueBytes))
    await driver.kill()
  })
  await dropDirectoryFromPageCache(directory)
  const afterKill = await withStore(context, directory, size.count, async (driver) => {
    await checkKeys(driver, size)
    await driver.do('close')
  })
  await dropDirectoryFromPageCache(directory)
  const afterClose = await withStore(context, directory, size.count, async (driver) => {
    await checkKeys(driver, size)
    await driver.do('close')
  })
  const { kill, close } = names(size)
  return [
    { case: kill, values: afterKill },
    { case: close, values: afterClose },
  ]
}

/** A quick opening that lost keys is worth nothing: reads the last ones that were acknowledged. */
async function checkKeys(driver: Driver, { count, valueBytes }: Size): Promise<void> {
  const found = await driver.do('count', { from: count - 1_000, count: 1_000, valueBytes })
  if (found !== 1_000) throw new Error(`of the last 1,000 keys only ${found} are there`)
}

/** Gives what the opening took. */
async function withStore(
  { subject, durability }: RoundContext,
  directory: string,
  keys: number,
  act: (driver: Driver) => Promise<void>,
): Promise<Measured['values']> {
  const driver = Driver.start()
  try {
    const target = { directory, durability }
    const { session } = subject
    const { seconds, emptyMemory } = await driver.do('open', { session, target })
    const { rss } = await driver.do('memory')
    await act(driver)
    return { openTime: seconds, rssPerKey: (rss - emptyMemory.rss) / keys }
  } finally {
    await driver.kill()
  }
}
