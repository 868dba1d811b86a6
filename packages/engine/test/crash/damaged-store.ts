import { KvError } from '../../src/errors.ts'
import type { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { Store } from '../../src/store.ts'
import { sameBytes } from '../damage.ts'
import { directory, fixtureOptions, type StoreFixture } from './store-fixture.ts'

/**
 * What a damaged store may do:
 * - `refuses`: it does not open;
 * - `unharmed`: it opens and has every answer;
 * - `tells`: it does not open, or each answer is right or KV_CORRUPT_RECORD;
 * - `prefix`: it opens as of some version from the last mark on, and what it cut lies in `lost/`.
 */
export type Allowed = 'refuses' | 'unharmed' | 'tells' | 'prefix'

/** Opens a fixture that holds `files` instead of its own, and holds it against what was written. Throws what is wrong. */
export async function checkDamaged(
  fixture: StoreFixture,
  files: ReadonlyMap<string, Uint8Array>,
  allowed: Allowed,
): Promise<void> {
  const disk = await diskWith(fixture, files)
  const store = await Store.open(directory, fixtureOptions(disk)).catch((error: unknown) => {
    checkRefusal(error, allowed)
  })
  if (store === undefined) {
    require(disk.openFiles === 0, `${disk.openFiles} files are still open after the refusal`)
    checkUnchanged(files, disk)
    return
  }
  require(allowed !== 'refuses', 'it opened')
  await checkAnswers(fixture, store, allowed)
  const { appliedIndex } = store
  const { fromImage } = store.stats().recovery
  await store.close()
  require(disk.openFiles === 0, `${disk.openFiles} files are still open after the close`)
  if (allowed === 'prefix') {
    checkKept(fixture, files, disk)
    await checkAgain(fixture, disk, appliedIndex)
  }
  // With an image nobody looks at the hints.
  if (allowed === 'unharmed' && !fromImage) checkHints(fixture, disk)
}

async function diskWith(
  fixture: StoreFixture,
  files: ReadonlyMap<string, Uint8Array>,
): Promise<SimFileSystem> {
  const disk = fixture.disk.clone()
  for (const [path, bytes] of files) {
    if (fixture.files.get(path) !== bytes) disk.poke(path, bytes)
  }
  for (const path of fixture.files.keys()) if (!files.has(path)) await disk.unlink(path)
  return disk
}

function checkRefusal(error: unknown, allowed: Allowed): void {
  if (!(error instanceof KvError) || error.code !== 'KV_CORRUPT_STORE') throw error
  if (allowed !== 'refuses' && allowed !== 'tells') throw error
}

function checkUnchanged(before: ReadonlyMap<string, Uint8Array>, disk: SimFileSystem): void {
  const after = disk.files()
  for (const path of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(path), after.get(path)]
    const isSame = was !== undefined && is !== undefined && sameBytes(was, is)
    require(isSame, `${path} was changed by an open that refused`)
  }
}

async function checkAnswers(
  { history, mark }: StoreFixture,
  store: Store,
  allowed: Allowed,
): Promise<void> {
  const { appliedIndex } = store
  const lowest = allowed === 'prefix' ? mark.index : history.version
  require(appliedIndex >= lowest &&
    appliedIndex <= history.version, `it is as of version ${appliedIndex}`)
  const state = history.stateAt(appliedIndex)
  let unreadable = 0
  for (const key of history.keys) {
    try {
      const found = await store.get(key)
      require(found?.value.toString() === state.get(key), `'${key}' has a wrong value`)
    } catch (error) {
      if (allowed !== 'tells' || !isCorruptRecord(error)) throw error
      unreadable++
    }
  }
  const keys = await entriesOf(store, true)
  require(sameEntries(
    keys,
    [...state.keys()].map((key) => [key, '']),
  ), 'the keys are wrong')
  try {
    const entries = await entriesOf(store, false)
    require(unreadable === 0, 'a range reads what a get cannot')
    require(sameEntries(entries, [...state]), 'a range is wrong')
  } catch (error) {
    if (unreadable === 0 || !isCorruptRecord(error)) throw error
  }
}

/** A cut loses no byte: what is gone from the segment is in `lost/`, but for zeros at its end. */
function checkKept(
  { active }: StoreFixture,
  before: ReadonlyMap<string, Uint8Array>,
  disk: SimFileSystem,
): void {
  const files = disk.files()
  const tail = withoutZeros(before.get(active)!.subarray(files.get(active)!.length))
  if (tail.length === 0) return
  const lost = [...files].filter(([path]) => path.startsWith(`${directory}/lost/`))
  const isKept = lost.some(([, bytes]) => sameBytes(withoutZeros(bytes), tail))
  require(isKept, 'what was cut is not in lost/')
}

function withoutZeros(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1)
}

/** The next open finds the same store, and it takes writes. */
async function checkAgain(
  { history }: StoreFixture,
  disk: SimFileSystem,
  version: number,
): Promise<void> {
  {
    await using store = await Store.open(directory, fixtureOptions(disk))
    require(store.appliedIndex === version, 'the second open finds another version')
    require(sameEntries(await entriesOf(store, false), [...history.stateAt(version)]), 'it changed')
    await store.put('later', 'x')
  }
  await using store = await Store.open(directory, fixtureOptions(disk))
  require((await store.get('later'))?.version === version + 1, 'a write after the cut is gone')
}

/** Hints are there again as they were. */
function checkHints(fixture: StoreFixture, disk: SimFileSystem): void {
  const files = disk.files()
  for (const [path, bytes] of fixture.files) {
    if (!path.endsWith('.hint')) continue
    const rebuilt = files.get(path)
    require(rebuilt !== undefined && sameBytes(rebuilt, bytes), `${path} was not rebuilt`)
  }
}

async function entriesOf(store: Store, keysOnly: boolean): Promise<[string, string][]> {
  const entries: [string, string][] = []
  for await (const { key, value } of store.range({ keysOnly })) {
    entries.push([key.toString(), value.toString()])
  }
  return entries
}

function sameEntries(a: readonly [string, string][], b: readonly [string, string][]): boolean {
  return (
    a.length === b.length &&
    a.every(([key, value], place) => key === b[place]![0] && value === b[place]![1])
  )
}

function isCorruptRecord(error: unknown): boolean {
  return error instanceof KvError && error.code === 'KV_CORRUPT_RECORD'
}

function require(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(what)
}
