/** Small stores of known content, with a file of every kind, for tests that damage them. */
import { keydirImageFileName } from '../../src/file-names.ts'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { lastMark, type Mark } from '../../src/mark.ts'
import type { StoreOptions } from '../../src/options.ts'
import { Store } from '../../src/store.ts'
import { TestClock } from '../test-clock.ts'
import { History } from './history.ts'

export const directory = '/db'
export const imagePath: string = `${directory}/${keydirImageFileName}`

export interface StoreFixture {
  readonly name: string
  readonly disk: SimFileSystem
  /** What is on the disk, by path. */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly history: History
  /** The last one in `marks`. */
  readonly mark: Mark
  /** Path of the active segment. */
  readonly active: string
}

const segmentBytes = 640

/** With which every store of a fixture is opened. */
export function fixtureOptions(
  disk: SimFileSystem,
  clock: TestClock = new TestClock(),
): StoreOptions {
  return { fileSystem: disk, clock, segmentBytes, autoMerge: false }
}

/** Closed, so that the last mark covers all of it: three sealed segments, an active one and merge outputs with tombstones. */
export async function closedFixture(seed: number): Promise<StoreFixture> {
  const { disk, history } = await mergedStore(seed)
  await disk.unlink(imagePath)
  return fixture('closed', disk, history)
}

/** The same store with the image of its keydir. */
export async function imagedFixture(seed: number): Promise<StoreFixture> {
  const { disk, history } = await mergedStore(seed)
  return fixture('closed and imaged', disk, history)
}

/** Killed with frames behind the last mark, and before the newest sealed segment had its hint. */
export async function killedFixture(seed: number): Promise<StoreFixture> {
  const merged = await mergedStore(seed)
  const { history } = merged
  const random = new SeededRandom(seed + 1)
  const clock = new TestClock()
  await using store = await Store.open(directory, fixtureOptions(merged.disk, clock))
  while (store.stats().files.logSegments < 5) await writeOne(store, history, random)
  // The next write leaves a mark in passing.
  clock.advance(1_000)
  for (let write = 0; write < 4; write++) await writeOne(store, history, random)
  await rest(store)
  const disk = merged.disk.clone()
  const hint = [...disk.files().keys()]
    .filter((path) => /log.*hint$/.test(path))
    .sort()
    .at(-1)!
  await disk.unlink(hint)
  return fixture('killed', disk, history)
}

async function mergedStore(seed: number): Promise<{ disk: SimFileSystem; history: History }> {
  const disk = new SimFileSystem()
  const history = new History()
  const random = new SeededRandom(seed)
  const options = fixtureOptions(disk)
  {
    await using store = await Store.open(directory, options)
    for (let write = 0; write < 20; write++) await writeOne(store, history, random)
    await store.merge()
    await deleteOldest(store, history)
    for (let write = 0; write < 12; write++) await writeOne(store, history, random)
  }
  {
    // The outputs of the first merge stay outside of the second, which has to keep the tombstones.
    await using store = await Store.open(directory, { ...options, mergeInputBytesMax: 900 })
    await store.merge()
    while (store.stats().files.logSegments < 4) await writeOne(store, history, random)
    for (let write = 0; write < 3; write++) await writeOne(store, history, random)
  }
  return { disk, history }
}

async function fixture(name: string, disk: SimFileSystem, history: History): Promise<StoreFixture> {
  const files = disk.files()
  const mark = lastMark(Buffer.from(files.get(`${directory}/marks`)!))!
  const active = [...files.keys()]
    .filter((path) => /log.*data$/.test(path))
    .sort()
    .at(-1)!
  return { name, disk, files, history, mark, active }
}

/** Resolves once what goes on behind an acknowledgement, such as a roll or a seal, is over. */
async function rest(store: Store): Promise<void> {
  while (store.stats().files.unsealedSegments > 0) await Promise.resolve()
  for (let turn = 0; turn < 100; turn++) await Promise.resolve()
}

/** A put, a delete or a batch, as chance has it. */
async function writeOne(store: Store, history: History, random: SeededRandom): Promise<void> {
  const key = randomKey(random)
  const exists = history.stateAt(history.version).has(key)
  if (exists && random.below(4) === 0) {
    await store.delete(key)
    history.add(key, undefined)
    return
  }
  const operations = [key, randomKey(random)]
    .slice(0, 1 + random.below(2))
    .map((key) => ({ type: 'put', key, value: randomValue(random) }) as const)
  await store.batch(operations)
  for (const { key, value } of operations) history.add(key, value)
}

async function deleteOldest(store: Store, history: History): Promise<void> {
  for (const key of [...history.stateAt(history.version).keys()].slice(0, 3)) {
    await store.delete(key)
    history.add(key, undefined)
  }
}

/** One of 17, the empty one among them. */
function randomKey(random: SeededRandom): string {
  const number = random.below(17)
  return number === 0 ? '' : `k${number}`
}

/** Mostly short; now and then one that crosses a sector's end. */
function randomValue(random: SeededRandom): string {
  const length = random.below(12) === 0 ? 260 : random.below(24)
  return String.fromCharCode(97 + random.below(26)).repeat(length)
}
