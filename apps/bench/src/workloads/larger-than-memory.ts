import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Driver } from '../driver/driver.ts'
import { createMemoryCgroup, type MemoryCgroup, memoryCgroupAvailable } from '../memory-cgroup.ts'
import { loadOf, measured, mixOf, onStage, type Stage } from './stage.ts'
import type { Measured, Scale, Workload } from './workload.ts'

interface Size {
  readonly limitBytes: number
  readonly keys: number
  readonly valueBytes: number
}

/** The data is ten times the limit. */
const sizes: Readonly<Record<Scale, Size>> = {
  quick: { limitBytes: 256 * 2 ** 20, keys: 40_960, valueBytes: 65_536 },
  full: { limitBytes: 512 * 2 ** 20, keys: 327_680, valueBytes: 16_384 },
}
const depth = 16
const putsPerSecond = 200
const measureMs: Readonly<Record<Scale, number>> = { quick: 2_000, full: 5_000 }
/** Of the keys, loaded before the first puts are measured: their data fits. */
const warmShare = 1 / 40

export const largerThanMemory: Workload = {
  name: 'larger-than-memory',
  title: 'Data ten times the memory',
  about:
    'The embedded store in a memory cgroup that holds a tenth of its data: uniform gets, of a store that was opened anew, against bare random reads of the same files at the same depth, both in a process that has done nothing before; and puts at a fixed rate while the data fits and when it does not.',
  targets: ['P10'],
  subjects: ['kv-embedded'],
  needsDisk: true,
  durability: 'interval',
  rounds: 3,
  parameters(scale) {
    const { limitBytes, keys, valueBytes } = sizes[scale]
    return {
      'memory limit MiB': limitBytes / 2 ** 20,
      keys,
      'value bytes': valueBytes,
      'data MiB': Math.round((keys * valueBytes) / 2 ** 20),
      'gets and reads in flight': depth,
      'threads of the bare reads': depth,
      'puts a second': putsPerSecond,
    }
  },
  cases: () => [
    { name: 'get, beyond memory', metrics: ['throughput', 'p50', 'p99'] },
    { name: 'random reads', metrics: ['throughput', 'p50', 'p99'] },
    { name: 'put, warm', metrics: ['p99', 'p50', 'max'] },
    { name: 'put, beyond memory', metrics: ['p99', 'p50', 'max'] },
  ],
  obstacle() {
    const availability = memoryCgroupAvailable()
    return availability.available ? undefined : availability.reason
  },
  async measure(context) {
    const { limitBytes, keys, valueBytes } = sizes[context.scale]
    const cgroup = await createMemoryCgroup(limitBytes)
    try {
      const directory = await context.freshDirectory()
      const samples: Measured[] = []
      const warm = Math.round(keys * warmShare)
      const load = loadOf(warm, valueBytes)

      const putAtRate = async (
        driver: Driver,
        name: string,
        loaded: number,
        step: number,
      ): Promise<void> => {
        context.progress(name)
        const mix = mixOf({ shares: { put: 1 }, valueBytes, loaded }, context, step)
        const loop = {
          rate: putsPerSecond,
          warmupMs: 500,
          measureMs: measureMs[context.scale],
          outstandingMax: 5_000,
          whenFull: 'wait',
        } as const
        samples.push(measured(name, await driver.do('openLoop', { mix, loop })))
      }

      const fill = async ({ driver }: Stage): Promise<void> => {
        await driver.do('load', load)
        await putAtRate(driver, 'put, warm', warm, 0)
        context.progress('load')
        await driver.do('load', { ...load, from: warm, count: keys - warm })
      }

      const useBeyondMemory = async ({ driver }: Stage): Promise<void> => {
        context.progress('get')
        const mix = mixOf({ shares: { get: 1 }, valueBytes, loaded: keys }, context, 1)
        const loop = { inFlight: depth, warmupMs: 1_000, measureMs: measureMs[context.scale] }
        samples.push(measured('get, beyond memory', await driver.do('closedLoop', { mix, loop })))
        context.progress('bare random reads')
        const reads = await readBare(await largeFiles(directory), context.scale, cgroup)
        samples.push({
          case: 'random reads',
          subject: 'machine',
          values: { throughput: reads.readsPerSecond, ...reads.latency },
        })
        await putAtRate(driver, 'put, beyond memory', keys, 2)
      }

      await onStage(context, directory, fill, { cgroup })
      await onStage(context, directory, useBeyondMemory, { cgroup })
      return samples
    } finally {
      await cgroup.remove()
    }
  },
}

/** In a process of its own, with as many threads as reads: Node has four unless told otherwise. */
async function readBare(files: readonly string[], scale: Scale, cgroup: MemoryCgroup) {
  const driver = Driver.start({ UV_THREADPOOL_SIZE: `${depth}` }, cgroup)
  try {
    const bytes = sizes[scale].valueBytes
    return await driver.do('randomReads', { files, bytes, depth, measureMs: measureMs[scale] })
  } finally {
    await driver.kill()
  }
}

/** The data files of a store. */
async function largeFiles(directory: string): Promise<string[]> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile() && entry.name.endsWith('.data'))
    .map((entry) => join(entry.parentPath, entry.name))
}
