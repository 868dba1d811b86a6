/**
 * C5, care: what checks and repairs a store, on files damaged at rest and on disks that fail. A check finds all damage that
 * keeps a store from opening or from answering, and none where there is none. A repair leaves the damaged store as it
 * was; what it makes opens, holds nothing that was not written, and all that lay in undamaged files.
 */
import assert from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import type { VerifyReport } from '../../src/care/findings.ts'
import { inspect } from '../../src/care/inspect-store.ts'
import type { RepairReport } from '../../src/care/repair-report.ts'
import { repairStore } from '../../src/care/repair-store.ts'
import { verifyStore } from '../../src/care/verify-store.ts'
import { KvError } from '../../src/errors.ts'
import type { SimErrorCode } from '../../src/file-system/sim-faults.ts'
import type { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { Store } from '../../src/store.ts'
import { damages, sameBytes } from '../damage.ts'
import { TestClock } from '../test-clock.ts'
import { ClassReport } from './class-report.ts'
import { markDamage } from './mark-damage.ts'
import {
  closedFixture,
  directory,
  fixtureOptions,
  imagedFixture,
  imagePath,
  killedFixture,
  type StoreFixture,
} from './store-fixture.ts'

const seed = 9
const report = new ClassReport('C5-care', seed)
const closed = await closedFixture(seed)
const killed = await killedFixture(seed)
const imaged = await imagedFixture(seed)
/** One damage in so many is tried: the places of a prime meet every kind of byte. */
const strides = new Map([
  [closed, 61],
  [killed, 67],
  [imaged, 499],
])
const target = '/repaired'

type Files = ReadonlyMap<string, Uint8Array>

describe.each([closed, killed, imaged])('a $name store', (fixture) => {
  const { files } = fixture
  const paths = [...files.keys()]

  test('without damage is sound, and repaired it is the same', async () => {
    await check(fixture, files, [], 'nothing')
    const disk = fixture.disk.clone()
    const found = await verify(disk)
    expect(found.problems.filter(({ severity }) => severity !== 'shortcut')).toEqual([])
    const { repaired, state } = await repairOf(fixture, disk)
    expect(repaired).toMatchObject({ lost: [], lostKeys: [], unusable: [], unread: [] })
    expect(state.entries).toEqual([...fixture.history.stateAt(fixture.history.version)])
  })

  test.each(paths)('damage inside %s', async (path) => {
    const whole = files.get(path)!
    let turn = 0
    for (const [kind, damage] of damages) {
      for (const bytes of path.endsWith('/marks') ? markDamage(whole, damage) : damage(whole)) {
        if (++turn % strides.get(fixture)! !== 0 || sameBytes(bytes, whole)) continue
        report.count(kind)
        await check(fixture, new Map(files).set(path, bytes), [path], `${damage.name} ${turn}`)
      }
    }
  })

  test('a file ends where a part of it does', async () => {
    const options = { fileSystem: fixture.disk.clone(), clock: new TestClock() }
    const places = new Set<string>()
    for await (const { path, offset } of inspect(directory, options))
      places.add(`${path} ${offset}`)
    for (const place of places) {
      const [name, offset] = place.split(' ') as [string, string]
      const path = `${directory}/${name}`
      report.count('cuts')
      await check(fixture, cutAt(files, path, Number(offset)), [path], `cut at byte ${offset}`)
    }
  })

  test('a file is gone, or holds what another one should', async () => {
    for (const path of paths) {
      const rest = new Map([...files].filter(([other]) => other !== path))
      await check(fixture, rest, [path], 'gone')
      const next = paths[(paths.indexOf(path) + 1) % paths.length]!
      const swapped = new Map(files).set(path, files.get(next)!).set(next, files.get(path)!)
      await check(fixture, swapped, [path, next], 'swapped')
      if (path.endsWith('.data') && next.endsWith('.data')) await checkSwapped(fixture, swapped)
      const copied = new Map(files).set(path, files.get(next)!)
      await check(fixture, copied, [path], 'copied')
    }
  })
})

describe('a disk that fails', () => {
  const plans = (['EIO', 'EMFILE', 'ENOSPC', 'short'] as const).flatMap((code) =>
    [false, true].map((sticky) => ({ code, sticky })),
  )

  test.each(plans)('at each call, with $code, sticky $sticky', async ({ code, sticky }) => {
    for (const work of ['verify', 'repair'] as const) {
      let number = 0
      let injected: number
      do {
        number++
        const disk = closed.disk.clone()
        if (code === 'short') disk.shortenAt({ at: number, sticky, ...(sticky && { bytes: 7 }) })
        else disk.failAt({ at: number, code, sticky })
        await withinTurns(
          work === 'verify' ? failingVerify(disk, code, sticky) : failingRepair(disk, code),
        )
        injected = disk.faultsInjected
        if (injected > 0) report.count('ioFaults')
        assert.equal(disk.openFiles, 0, `${work} ${number}: open files`)
      } while (injected > 0)
      expect(number).toBeGreaterThan(code === 'ENOSPC' && work === 'verify' ? 0 : 5)
    }
  })
})

test('enough was damaged', () => {
  report.finish({
    cases: 2_500,
    cuts: 500,
    flips: 1_800,
    others: 450,
    harmed: 800,
    ioFaults: 800,
    swapped: 4,
  })
})

function cutAt(files: Files, path: string, bytes: number): Files {
  return new Map(files).set(path, files.get(path)!.subarray(0, bytes))
}

/** Not a byte of the data is damaged: all of it is saved. */
async function checkSwapped(fixture: StoreFixture, files: Files): Promise<void> {
  const { state } = await repairOf(fixture, await diskWith(fixture, files))
  const { history } = fixture
  expect(state.entries).toEqual([...history.stateAt(history.version)])
  report.count('swapped')
}

async function check(
  fixture: StoreFixture,
  files: Files,
  damaged: readonly string[],
  what: string,
): Promise<void> {
  report.count('cases')
  try {
    await checkVerify(fixture, files, damaged)
    await checkRepair(fixture, files, damaged)
  } catch (error) {
    const message = `${damaged.join(' and ')}, ${what}: ${(error as Error).message}`
    throw new Error(message, { cause: error })
  }
}

async function checkVerify(
  fixture: StoreFixture,
  files: Files,
  damaged: readonly string[],
): Promise<void> {
  const disk = await diskWith(fixture, files)
  const before = disk.files()
  const found = await verify(disk)
  assert(sameFiles(before, disk.files()), 'verify changed a file')
  const severities = new Set(found.problems.map(({ severity }) => severity))
  const harm = await harmOf(fixture, disk)
  if (harm !== undefined) report.count('harmed')
  if (harm === 'refused' || harm === 'unreadable') {
    assert(severities.has('corruption'), `${harm}, and verify has not found it`)
  }
  if (harm === 'cut') {
    assert(severities.has('torn tail') || severities.has('corruption'), 'a cut that was not told')
  }
  if (damaged.every(isShortcut)) {
    assert(!severities.has('corruption'), 'damage of a shortcut is no corruption')
    assert.equal(harm, undefined, 'a shortcut is only that')
  }
}

/** What the damage does to who opens the store and asks for every key. */
async function harmOf(
  { history }: StoreFixture,
  disk: SimFileSystem,
): Promise<'refused' | 'unreadable' | 'cut' | undefined> {
  const store = await Store.open(directory, fixtureOptions(disk)).catch((error: unknown) => {
    if (error instanceof KvError && error.code === 'KV_CORRUPT_STORE') return undefined
    throw error
  })
  if (store === undefined) return 'refused'
  const state = history.stateAt(store.appliedIndex)
  let isReadable = true
  for (const key of history.keys) {
    const answer: string | undefined = await store.get(key).then(
      (found) => found?.value.toString(),
      () => 'unreadable',
    )
    if (answer === 'unreadable') isReadable = false
    else assert.equal(answer, state.get(key), 'a wrong answer')
  }
  const { cutBytes } = store.stats().recovery
  await store.close()
  if (!isReadable) return 'unreadable'
  return cutBytes > 0 ? 'cut' : undefined
}

async function checkRepair(
  fixture: StoreFixture,
  files: Files,
  damaged: readonly string[],
): Promise<void> {
  const disk = await diskWith(fixture, files)
  const { repaired, state } = await repairOf(fixture, disk)
  const { history } = fixture
  const newest = newestWrites(fixture)
  const isUnseen = endsEarlyBehindMark(fixture, files)
  for (const [key, { version, value }] of newest) {
    const path = (await pathsOf(fixture)).get(version)
    const isDamaged = path !== undefined && damaged.includes(path)
    const now = state.versions.get(key)
    if (value !== undefined && !isDamaged) {
      assert.equal(now, version, `'${key}' lay in an undamaged file, ${path}`)
    }
    if (value === undefined && !isDamaged) {
      assert.equal(now, undefined, `'${key}' was deleted, and is there again`)
    }
    if (now !== undefined && now < version && !isUnseen) assertToldOfOlder(repaired, key)
  }
  const full = [...history.stateAt(history.version)]
  const isFull = JSON.stringify(state.entries) === JSON.stringify(full)
  const tellsOfLoss = repaired.lost.length > 0 || repaired.lostKeys.length > 0
  assert(isFull || isUnseen || tellsOfLoss || repaired.deletedMayBeBack, 'a loss that was not told')
  assert(state.appliedIndex <= history.version, 'a version that was never given')
  const kept = Math.max(0, ...state.versions.values())
  assert(state.appliedIndex >= kept, 'versions that would be given twice')
}

/** Frames behind the last mark that are gone as a whole: nothing on the disk tells that they were there. */
function endsEarlyBehindMark({ files: whole, active, mark }: StoreFixture, files: Files): boolean {
  const [was, is] = [whole.get(active)!, files.get(active)]
  if (is === undefined || is.length < mark.offset || is.length >= was.length) return false
  return sameBytes(was.subarray(0, is.length), is)
}

function assertToldOfOlder(repaired: RepairReport, key: string): void {
  const told =
    repaired.olderMayBeCurrent ||
    repaired.lost.some(({ isTornTail }) => isTornTail) ||
    repaired.lostKeys.some((lost) => lost.key.toString() === key)
  assert(told, `an older value of '${key}' is current, and nobody said so`)
}

interface RepairedState {
  readonly entries: readonly (readonly [string, string])[]
  readonly versions: ReadonlyMap<string, number>
  readonly appliedIndex: number
}

/** Repairs the store on the disk, and reads what came out. */
async function repairOf(
  { history }: StoreFixture,
  disk: SimFileSystem,
): Promise<{ repaired: RepairReport; state: RepairedState }> {
  const before = disk.files()
  const repaired = await repairStore(directory, target, {
    fileSystem: disk,
    clock: new TestClock(),
    segmentBytes: 400,
  })
  const after = [...disk.files()].filter(([path]) => !path.startsWith(`${target}/`))
  assert(sameFiles(before, new Map(after)), 'the repair changed the damaged store')
  assert.equal(disk.openFiles, 0, 'open files')
  const { problems } = await verifyStore(target, { fileSystem: disk, clock: new TestClock() })
  assert.deepEqual(problems, [], 'the repaired store is not sound')
  const state = await stateOf(history, disk)
  assert.equal(state.entries.length, repaired.keys, 'the count of keys')
  return { repaired, state }
}

async function stateOf(
  history: StoreFixture['history'],
  disk: SimFileSystem,
): Promise<RepairedState> {
  await using store = await Store.open(target, fixtureOptions(disk))
  const entries: [string, string][] = []
  const versions = new Map<string, number>()
  for await (const { key, value, version } of store.range()) {
    const written = history.writeAt(version)
    const isWritten = written?.key === key.toString() && written.value === value.toString()
    assert(isWritten, `version ${version} was never written so`)
    entries.push([key.toString(), value.toString()])
    versions.set(key.toString(), version)
  }
  const { appliedIndex } = store
  assert.equal((await store.put('later', 'x')).version, appliedIndex + 1, 'it takes writes')
  return { entries, versions, appliedIndex }
}

function newestWrites({
  history,
}: StoreFixture): Map<string, { version: number; value: string | undefined }> {
  const newest = new Map<string, { version: number; value: string | undefined }>()
  for (let version = 1; version <= history.version; version++) {
    const { key, value } = history.writeAt(version)!
    newest.set(key, { version, value })
  }
  return newest
}

const pathsByFixture = new Map<StoreFixture, Map<number, string>>()

/** In which file the record of a version lies; a merge has dropped the others. */
async function pathsOf(fixture: StoreFixture): Promise<Map<number, string>> {
  const known = pathsByFixture.get(fixture)
  if (known !== undefined) return known
  const paths = new Map<number, string>()
  const options = { fileSystem: fixture.disk.clone(), clock: new TestClock() }
  for await (const { path, what, fields } of inspect(directory, options)) {
    if (what === 'record') paths.set(Number(fields['version']), `${directory}/${path}`)
  }
  pathsByFixture.set(fixture, paths)
  return paths
}

async function failingVerify(
  disk: SimFileSystem,
  code: SimErrorCode | 'short',
  sticky: boolean,
): Promise<void> {
  const found = await verify(disk).catch(expectCode(code))
  if (found === undefined || disk.faultsInjected === 0) return
  const isCorrupt = found.problems.some(({ severity }) => severity === 'corruption')
  if (code === 'short') assert.deepEqual(found.problems, [], 'a short read is no damage')
  // A fault that hits nothing but hints costs no data.
  if (code === 'EIO' && sticky && found.problems.length === 0) {
    assert(isCorrupt, 'a disk that cannot be read looks sound')
  }
}

async function failingRepair(disk: SimFileSystem, code: SimErrorCode | 'short'): Promise<void> {
  const before = disk.files()
  const work = repairStore(directory, target, {
    fileSystem: disk,
    clock: new TestClock(),
    segmentBytes: 400,
  })
  const repaired = await work.catch(expectCode(code))
  disk.clearFaults()
  const after = [...disk.files()].filter(([path]) => !path.startsWith(`${target}/`))
  assert(sameFiles(before, new Map(after)), 'the repair changed the damaged store')
  const isThere = disk.files().has(`${target}/NODE`)
  assert(isThere || repaired === undefined, 'a repair that resolved made a store')
  if (!isThere) return
  const { problems } = await verifyStore(target, { fileSystem: disk, clock: new TestClock() })
  assert.deepEqual(problems, [], 'what has its NODE is complete')
  const state = await stateOf(closed.history, disk)
  const { history } = closed
  const isFull =
    JSON.stringify(state.entries) === JSON.stringify([...history.stateAt(history.version)])
  const isTold = repaired === undefined || repaired.lost.length > 0 || repaired.deletedMayBeBack
  assert(isFull || isTold || repaired.lostKeys.length > 0, 'a loss that was not told')
}

const codes: Record<SimErrorCode | 'short', readonly string[]> = {
  EIO: ['KV_STORAGE_FAILED', 'KV_BAD_REQUEST'],
  EMFILE: ['KV_TRY_LATER'],
  ENOSPC: ['KV_DISK_FULL'],
  short: [],
}

function expectCode(code: SimErrorCode | 'short'): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof KvError && codes[code].includes(error.code)) return undefined
    throw error
  }
}

function verify(disk: SimFileSystem): Promise<VerifyReport> {
  return verifyStore(directory, { fileSystem: disk, clock: new TestClock() })
}

async function diskWith(fixture: StoreFixture, files: Files): Promise<SimFileSystem> {
  const disk = fixture.disk.clone()
  for (const [path, bytes] of files) {
    if (fixture.files.get(path) !== bytes) disk.poke(path, bytes)
  }
  for (const path of fixture.files.keys()) if (!files.has(path)) await disk.unlink(path)
  return disk
}

function sameFiles(a: Files, b: Files): boolean {
  if (a.size !== b.size) return false
  return [...a].every(([path, bytes]) => {
    const other = b.get(path)
    return other !== undefined && sameBytes(bytes, other)
  })
}

function isShortcut(path: string): boolean {
  return path.endsWith('.hint') || path === imagePath
}

/** The simulated disk needs no turns of the event loop: what takes many of them hangs. */
async function withinTurns(work: Promise<void>): Promise<void> {
  const ended = work.then(() => true)
  for (let turn = 0; turn < 100; turn++) {
    const isOver = await Promise.race([
      ended,
      new Promise<false>((resolve) => setImmediate(resolve, false)),
    ])
    if (isOver) return
  }
  throw new Error('it hangs')
}
