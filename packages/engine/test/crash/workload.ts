/** What is done to a store, chosen by a seed: the same seed does the same, operation by operation of the disk. */
import assert from 'node:assert/strict'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import type { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { type Logger, silentLogger } from '../../src/logger.ts'
import type { DurabilityMode, StoreOptions } from '../../src/options.ts'
import { Model, type Operation, type Write } from './model.ts'
import { ModelledStore } from './modelled-store.ts'
import { SteppingClock } from './stepping-clock.ts'

type Step =
  /** Written in one turn of the event loop; the next step comes at once unless `awaited`. */
  | { readonly type: 'burst'; readonly writes: readonly Write[]; readonly awaited: boolean }
  | { readonly type: 'merge' }
  | { readonly type: 'reopen' }

export interface Workload {
  readonly name: string
  readonly seed: number
  readonly options: StoreOptions
  readonly steps: readonly Step[]
}

/** Keys that tempt: the empty one, prefixes of others, the lowest and the highest bytes. */
export const keys: readonly string[] = [
  '',
  '\0',
  'a',
  'a\0',
  'aa',
  'ab',
  'a\xff',
  'b',
  'k1',
  'k2',
  '\xff',
  '\xff\xff',
]

export function workload(
  seed: number,
  stepCount: number,
  durability: DurabilityMode,
  options: StoreOptions = {},
): Workload {
  const random = new SeededRandom(seed)
  const steps = Array.from({ length: stepCount }, () => randomStep(random))
  return {
    name: `${durability} with seed ${seed}`,
    seed,
    steps,
    options: {
      durability,
      syncIntervalMs: 200,
      segmentBytes: 600,
      mergeDeadRatioMin: 0.3,
      ...options,
    },
  }
}

/** What is left of a run: all there is to know of what the store may hold now. */
export interface RunEnd {
  readonly model: Model
  /** What ended the run before its end. */
  readonly error: unknown
}

/** Does all steps, on an empty disk, up to the first that fails. Throws where store and model do not agree. */
export async function runWorkload(
  { steps, options }: Workload,
  disk: SimFileSystem,
  logger: Logger = silentLogger,
): Promise<RunEnd> {
  const settings = { ...options, logger, clock: new SteppingClock() }
  let opened: ModelledStore | undefined
  try {
    opened = await ModelledStore.open(disk, settings)
    for (const step of steps) {
      await doStep(opened, step)
      if (opened.failure !== undefined) throw opened.failure
      if (step.type === 'reopen') opened = await ModelledStore.open(disk, settings, opened.model)
    }
    await opened.close()
    return { model: opened.model, error: undefined }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    await opened?.idle()
    return { model: opened?.model ?? new Model(), error }
  }
}

async function doStep(opened: ModelledStore, step: Step): Promise<void> {
  switch (step.type) {
    case 'burst': {
      const ends = step.writes.map((write) => opened.write(write))
      if (step.awaited) await Promise.all(ends)
      return
    }
    case 'merge':
      await opened.store.merge()
      return
    case 'reopen':
      await opened.close()
  }
}

function randomStep(random: SeededRandom): Step {
  const chance = random.below(20)
  if (chance === 0) return { type: 'merge' }
  if (chance === 1) return { type: 'reopen' }
  const writes = Array.from({ length: 1 + random.below(4) }, () => randomWrite(random))
  return { type: 'burst', writes, awaited: random.below(3) > 0 }
}

export function randomWrite(random: SeededRandom): Write {
  const durability = random.below(8) === 0 ? ({ durability: 'synced' } as const) : {}
  switch (random.below(8)) {
    case 0:
    case 1:
      return { type: 'delete', operations: [randomDelete(random)], ...durability }
    case 2: {
      const operations = Array.from({ length: 1 + random.below(5) }, () =>
        random.below(3) === 0 ? randomDelete(random) : randomPut(random),
      )
      return { type: 'batch', operations, ...durability }
    }
    default:
      return { type: 'put', operations: [randomPut(random)], ...durability }
  }
}

function randomPut(random: SeededRandom): Operation {
  // Mostly short; now and then one over the end of a sector, or longer than a segment.
  const length = random.below(16) === 0 ? 100 + random.below(900) : random.below(24)
  const value = String.fromCharCode(97 + random.below(26)).repeat(length)
  return { type: 'put', key: keys[random.below(keys.length)]!, value }
}

function randomDelete(random: SeededRandom): Operation {
  return { type: 'delete', key: keys[random.below(keys.length)]! }
}
