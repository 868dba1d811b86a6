import { Driver } from '../driver/driver.ts'
import type { SoakResult } from '../driver/soak.ts'
import type { Measured, RoundContext, Scale, Workload } from './workload.ts'

interface Size {
  readonly keys: number
  readonly seconds: number
  readonly segmentBytes: number
}

const mebi = 2 ** 20
const sizes: Readonly<Record<Scale, Size>> = {
  quick: { keys: 20_000, seconds: 15, segmentBytes: 4 * mebi },
  full: { keys: 300_000, seconds: 600, segmentBytes: 32 * mebi },
}
const inFlight = 32
/** Until then the store has come to its steady state: what is flat is judged from there on. */
const warmShare = 0.4

export const soak: Workload = {
  name: 'soak',
  title: 'Mixed load for long',
  about:
    'Gets, puts, deletes, batches, ranges and getMany on the embedded store, with its automatic merges, every answer held against a model: whether memory, descriptors and space stay flat. A wrong answer fails it.',
  targets: [],
  subjects: ['kv-embedded'],
  durability: 'interval',
  rounds: 1,
  parameters(scale) {
    const { keys, seconds, segmentBytes } = sizes[scale]
    return {
      keys,
      'value bytes': '40 to 440, one in 256 of 32,768',
      seconds,
      'in flight': inFlight,
      'segment MiB': segmentBytes / mebi,
      'judged from': `${warmShare * 100} % of the time on`,
      ...(scale === 'quick' ? { growth: 'left out, as so short a run cannot judge it' } : {}),
    }
  },
  cases: (scale) => [
    {
      name: 'mixed load',
      metrics: [
        'throughput',
        'checked',
        'merges',
        'rss',
        'descriptors',
        ...(scale === 'quick' ? [] : (['rssGrowth', 'descriptorGrowth'] as const)),
        'spaceAmplification',
        'stallP999',
        'stallMax',
      ],
    },
  ],
  async measure(context) {
    const directory = await context.freshDirectory()
    const driver = Driver.start(context.subject.environment)
    try {
      context.progress('mixed load')
      const seed = context.round
      const result = await driver.do('soak', {
        directory,
        inFlight,
        seed,
        ...sizes[context.scale],
      })
      return [measuredOf(result, context)]
    } finally {
      await driver.kill()
    }
  },
}

function measuredOf(result: SoakResult, { scale }: RoundContext): Measured {
  const { seconds } = sizes[scale]
  const steady = result.samples.filter((sample) => sample.seconds >= seconds * warmShare)
  return {
    case: 'mixed load',
    values: {
      throughput: result.operations / seconds,
      checked: result.checked,
      merges: result.merges,
      rss: Math.max(...steady.map(({ rss }) => rss)),
      descriptors: Math.max(...steady.map(({ descriptors }) => descriptors)),
      ...(scale === 'quick' ? {} : growthOf(steady)),
      spaceAmplification: Math.max(
        ...steady.map(({ directoryBytes, liveBytes }) => directoryBytes / liveBytes),
      ),
      stallP999: result.stallP999,
      stallMax: result.stallMax,
    },
  }
}

function growthOf(samples: SoakResult['samples']): Measured['values'] {
  return {
    rssGrowth: slope(samples.map(({ seconds, rss }) => [seconds / 60, rss])),
    descriptorGrowth: slope(samples.map(({ seconds, descriptors }) => [seconds / 60, descriptors])),
  }
}

/** Of the line that fits best, by least squares. */
function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const under = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  return under === 0 ? 0 : over / under
}
