/**
 * C3: a power cut, or the death of the process, at every operation of the disk; then again at every operation
 * of the recovery from it. Whatever is left, the store comes back as a prefix of its log that holds all that
 * was acknowledged, and goes on from there.
 */
import assert from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import type { CrashChoice, CrashData, CrashNames } from '../../src/file-system/sim-crash.ts'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import type { StoreOptions } from '../../src/options.ts'
import { Store } from '../../src/store.ts'
import { ClassReport } from './class-report.ts'
import { MergeTally } from './merge-tally.ts'
import type { Disaster, Model } from './model.ts'
import { directory, ModelledStore } from './modelled-store.ts'
import { replaying, runCase } from './replay.ts'
import { SteppingClock } from './stepping-clock.ts'
import { randomWrite, runWorkload, type Workload, workload } from './workload.ts'

const report = new ClassReport('C3', 150)

/** Seeds that make for about 300 operations, several merges and tombstones that these must keep. */
const workloads: readonly Workload[] = [
  workload(222, 14, 'never', { mergeInputBytesMax: 1_500 }),
  workload(247, 12, 'interval'),
  workload(365, 12, 'always'),
  workload(329, 20, 'always', { autoMerge: false, mergeInputBytesMax: 900 }),
]

describe.each(workloads)('C3: $name', (work) => {
  test('the power goes off at any operation', async () => {
    const operations = await countOperations(work)
    for (let count = 0; count <= operations; count++) {
      await runCase(`C3 ${work.name} ${count}`, () => cutAfter(work, count))
    }
    expect(operations).toBeGreaterThanOrEqual(300)
  })
})

test('C3: there were enough of them', () => {
  report.finish(
    replaying ? {} : { ops: 1_200, cases: 7_200, double: 7_200, merges: 10, tombstones: 8 },
  )
})

async function countOperations(work: Workload): Promise<number> {
  const disk = new SimFileSystem()
  const tally = new MergeTally()
  const { error } = await runWorkload(work, disk, tally)
  if (error !== undefined) throw error
  expect(disk.openFiles).toBe(0)
  report.count('ops', disk.operations)
  report.count('merges', tally.merges)
  report.count('tombstones', tally.keptTombstones)
  return disk.operations
}

async function cutAfter(work: Workload, count: number): Promise<void> {
  const disk = new SimFileSystem()
  disk.stopAfter(count)
  const { model } = await runWorkload(work, disk)
  const choices = crashChoices(count)
  for (const [place, choice] of choices.entries()) {
    // One half of the states at one operation, the other at the next.
    if ((place + count) % 2 === 0) continue
    await checkAftermath(work, disk.crash(choice), model, 'cut', count + place)
  }
  await checkAftermath(work, disk.clone(), model, 'kill', count)
  const choice = choices[count % choices.length]!
  if (count % 20 === 0) await cutRecovery(work, () => disk.crash(choice), model, 'cut', count)
  if (count % 20 === 10) await cutRecovery(work, () => disk.clone(), model, 'kill', count)
}

/** The store comes back, goes on, and comes back with that too. */
async function checkAftermath(
  work: Workload,
  disk: SimFileSystem,
  model: Model,
  disaster: Disaster,
  seed: number,
): Promise<void> {
  report.count('cases')
  report.count('faults')
  const opened = await ModelledStore.open(disk, settings(work), model, disaster)
  const random = new SeededRandom(seed)
  for (let burst = 0; burst < 3; burst++) {
    await Promise.all([opened.write(randomWrite(random)), opened.write(randomWrite(random))])
  }
  // Names and bytes that were seen after a kill, but not yet durable, must not go now.
  const wayOut = seed % 3
  if (wayOut === 0) await opened.close()
  const left = wayOut === 0 ? disk : disk.crash({ data: 'none', names: 'dropped' })
  const again = await ModelledStore.open(left, settings(work), opened.model, 'cut')
  await again.close()
  assert.equal(left.openFiles, 0, 'open files')
}

/** A second disaster at every operation of the recovery from the first. */
async function cutRecovery(
  work: Workload,
  left: () => SimFileSystem,
  model: Model,
  disaster: Disaster,
  seed: number,
): Promise<void> {
  const whole = left()
  const { appliedIndex } = await Store.open(directory, { ...settings(work), fileSystem: whole })
  const operations = whole.operations
  const random = new SeededRandom(seed)
  for (let count = 0; count < operations; count++) {
    report.count('double')
    report.count('faults')
    const disk = left()
    disk.stopAfter(count)
    await Store.open(directory, { ...settings(work), fileSystem: disk }).catch(() => undefined)
    const choices = crashChoices(seed + count)
    const killed = random.below(3) === 0
    const again = killed ? disk.clone() : disk.crash(choices[random.below(choices.length)]!)
    const isKill = disaster === 'kill' && killed
    const opened = await ModelledStore.open(again, settings(work), model, isKill ? 'kill' : 'cut')
    // A disk without un-synced changes has one state only, and recovery must find it again (I10).
    if (disaster === 'cut' || isKill) assert.equal(opened.store.appliedIndex, appliedIndex, 'I10')
  }
}

function settings(work: Workload): StoreOptions {
  return { ...work.options, clock: new SteppingClock() }
}

function crashChoices(seed: number): CrashChoice[] {
  const choice = (data: CrashData, names: CrashNames, place: number): CrashChoice => ({
    data,
    names,
    seed: seed * 100 + place,
  })
  const names = ['kept', 'dropped', 'subset'] as const
  const data = ['none', 'all', 'subset', 'sectors', 'torn', 'zeros'] as const
  return [
    ...data.flatMap((data, row) =>
      names.map((names, column) => choice(data, names, row * 3 + column)),
    ),
    ...Array.from({ length: 6 }, (_, place) => choice('mixed', 'subset', 50 + place)),
  ]
}
