import { setTimeout as delay } from 'node:timers/promises'
import { connect } from '@kv/client'
import { directoryBytes } from '../directory-bytes.ts'
import type { Driver } from '../driver/driver.ts'
import type { StepResult } from '../driver/measurement.ts'
import type { Mix } from '../driver/operations.ts'
import { NodeWatch } from '../node-watch.ts'
import { durabilityFlags, serveKv } from '../subjects/kv.ts'
import { loopTimes } from './closed-loop-workload.ts'
import { loadOf, measured, mixOf, onStage, type Stage } from './stage.ts'
import type { Measured, RoundContext, Scale, Workload } from './workload.ts'

const keys: Readonly<Record<Scale, number>> = { quick: 40_000, full: 300_000 }
const valueBytes = 1_000
const recordBytes = 16 + valueBytes
const outstandingMax = 5_000
const measureMs: Readonly<Record<Scale, number>> = { quick: 1_000, full: 3_000 }
/** A merge that takes longer fails the round. */
const mergeMsMax = 120_000
const overwriteMsMax = 600_000
/** Around the merge, in the picture over time. */
const marginMs = 1_500
/** How often all keys are written over, for the space that takes. */
const overwrites: Readonly<Record<Scale, number>> = { quick: 3, full: 6 }

const manualMerges = ['--auto-merge', 'false']
const kinds = ['get', 'put'] as const
const overTime = 'gets and puts, over time'
const steady = 'steady overwrite'

export const merge: Workload = {
  name: 'merge',
  title: 'While a merge is running',
  about:
    'Open loop at half of the highest rate: without a merge, and while one rewrites a store of which half is dead. Then all keys are written over again and again with the default settings, and the directory is measured (first round only).',
  targets: ['P11'],
  subjects: ['kv'],
  durability: 'interval',
  rounds: 5,
  parameters: (scale) => ({
    keys: keys[scale],
    'key bytes': 16,
    'value bytes': valueBytes,
    'measured ms': measureMs[scale],
    'options, but for steady overwrite': '--auto-merge false (the bench starts the merges)',
    overwrites: overwrites[scale],
  }),
  cases: () => [
    ...kinds.flatMap((kind) =>
      [`${kind}, no merge`, `${kind}, merging`].map((name) => ({
        name,
        metrics: ['p99', 'p50', 'max', 'throughput', 'lateP99'] as const,
      })),
    ),
    { name: overTime, metrics: ['p99', 'max'] },
    { name: steady, metrics: ['spaceAmplification', 'throughput'] },
  ],
  async measure(context) {
    const serve = (directory: string) =>
      serveKv(directory, [...durabilityFlags(context.durability), ...manualMerges])
    const samples = await onStage(
      context,
      await context.freshDirectory(),
      (stage) => measureMerges(context, stage),
      { serve },
    )
    if (context.isFirstRound) samples.push(await measureSpace(context))
    return samples
  },
}

async function measureMerges(context: RoundContext, stage: Stage): Promise<Measured[]> {
  const { driver } = stage
  const loaded = keys[context.scale]
  const load = loadOf(loaded, valueBytes)
  const mixes = kinds.map((kind, step) =>
    mixOf({ shares: { [kind]: 1 }, valueBytes, loaded }, context, step),
  )
  const samples: Measured[] = []
  context.progress('load')
  await driver.do('load', load)
  for (const [at, kind] of kinds.entries()) {
    const mix = mixes[at]!
    const rate = await halfOfHighestRate(context, driver, mix)
    context.progress(`${kind}, no merge`)
    const options = { rate, outstandingMax, whenFull: 'wait', warmupMs: 300 } as const
    const calm = await driver.do('openLoop', {
      mix,
      loop: { ...options, measureMs: measureMs[context.scale] },
    })
    samples.push(measured(`${kind}, no merge`, calm))
    await driver.do('load', load)
    context.progress(`${kind}, merging`)
    const busy = await whileMerging(stage, () =>
      driver.do('openLoop', { mix, loop: { ...options, warmupMs: 0, measureMs: mergeMsMax } }),
    )
    samples.push(measured(`${kind}, merging`, busy))
  }
  context.progress(overTime)
  await driver.do('load', load)
  samples.push(await measureOverTime(context, stage))
  return samples
}

async function halfOfHighestRate(context: RoundContext, driver: Driver, mix: Mix): Promise<number> {
  const loop = { ...loopTimes[context.scale], inFlight: 50 }
  const { operations, seconds } = await driver.do('closedLoop', { mix, loop })
  return operations / seconds / 2
}

/** Runs a loop from the start to the end of one merge. */
async function whileMerging(
  { driver, server }: Stage,
  run: () => Promise<StepResult>,
): Promise<StepResult> {
  const admin = await connect({ port: server!.port })
  try {
    const merging = admin.merge({ timeoutMs: mergeMsMax }).finally(() => driver.stopLoop())
    const [result] = await Promise.all([run(), merging])
    return result
  } finally {
    await admin.close()
  }
}

/** Half gets and half puts at half of the highest rate, before, during and after a merge. */
async function measureOverTime(context: RoundContext, stage: Stage): Promise<Measured> {
  const { driver, server } = stage
  const loaded = keys[context.scale]
  const mix = mixOf({ shares: { get: 0.5, put: 0.5 }, valueBytes, loaded }, context, 5)
  const rate = await halfOfHighestRate(context, driver, mix)
  const watch = await NodeWatch.start(server!.port)
  try {
    const timelineMax = Math.round((rate * mergeMsMax) / 1_000)
    const loop = {
      rate,
      outstandingMax,
      whenFull: 'wait',
      warmupMs: 300,
      measureMs: mergeMsMax,
      timelineMax,
    } as const
    const mergeInTheMiddle = async (): Promise<void> => {
      try {
        await delay(marginMs)
        await watch.merge(mergeMsMax)
        await delay(marginMs)
      } finally {
        driver.stopLoop()
      }
    }
    const [result] = await Promise.all([driver.do('openLoop', { mix, loop }), mergeInTheMiddle()])
    const sample = measured(overTime, result)
    if (sample.timeline === undefined) throw new Error('a loop without a timeline')
    return {
      ...sample,
      timeline: { ...sample.timeline, events: watch.eventsSince(result.startedAtMs) },
    }
  } finally {
    await watch.stop()
  }
}

/** The most bytes on disk per live byte, once every key was written over. */
async function measureSpace(context: RoundContext): Promise<Measured> {
  const directory = await context.freshDirectory()
  return onStage(context, directory, async ({ driver }) => {
    context.progress(steady)
    const loaded = keys[context.scale]
    await driver.do('load', loadOf(loaded, valueBytes))
    const mix = mixOf({ shares: { put: 1 }, valueBytes, loaded }, context, 6)
    const operationsMax = loaded * overwrites[context.scale]
    let bytesMax = 0
    const sample = async (): Promise<void> => {
      bytesMax = Math.max(bytesMax, await directoryBytes(directory))
    }
    const loop = { inFlight: 50, warmupMs: 0, measureMs: overwriteMsMax }
    const once = { ...mix, keys: 'sequence' } as const
    measured(
      'every key once',
      await driver.do('closedLoop', { mix: once, loop: { ...loop, operationsMax: loaded } }),
    )
    const sampling = setInterval(() => void sample().catch(() => undefined), 250)
    try {
      const result = await driver.do('closedLoop', { mix, loop: { ...loop, operationsMax } })
      await sample()
      const { values } = measured(steady, result)
      const spaceAmplification = bytesMax / (loaded * recordBytes)
      return { case: steady, values: { ...values, spaceAmplification } }
    } finally {
      clearInterval(sampling)
    }
  })
}
