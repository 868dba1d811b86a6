/**
 * C27: backups under load, interrupted, failing and damaged. What is restored is the store at one moment, with all
 * that was acknowledged before the backup began; a backup that was begun and did not end leaves the one before; and
 * what is wrong with a backup is always seen.
 */
import assert from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { decodeBackupManifest, storedPath } from '../../src/backup/backup-manifest.ts'
import type { VerifiedBackup } from '../../src/backup/backup-reader.ts'
import { restoreBackup } from '../../src/backup/restore.ts'
import { verifyBackup } from '../../src/backup/verify.ts'
import { KvError, type StoreErrorCode } from '../../src/errors.ts'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import type { CrashChoice } from '../../src/file-system/sim-crash.ts'
import type { Reached, SimErrorCode } from '../../src/file-system/sim-faults.ts'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import type { DurabilityMode } from '../../src/options.ts'
import { Store } from '../../src/store.ts'
import { damages, sameBytes } from '../damage.ts'
import {
  backedUpStore,
  backupDirectory,
  checkBackup,
  onlyBackup,
  storeOptions,
} from './backed-up-store.ts'
import { ClassReport } from './class-report.ts'
import { MergeTally } from './merge-tally.ts'
import type { Model } from './model.ts'
import { directory, ModelledStore } from './modelled-store.ts'
import { replaying, runCase } from './replay.ts'
import { SteppingClock } from './stepping-clock.ts'
import { randomWrite } from './workload.ts'

const seed = 27
const report = new ClassReport('C27', seed)
const source = await backedUpStore(seed)
const restored = '/restored'

describe('C27: under load', () => {
  const modes: readonly DurabilityMode[] = ['always', 'interval', 'never']
  test.each(Array.from({ length: 24 }, (_, place) => place))('seed %i', async (place) => {
    await runCase(`C27 load ${place}`, () => backUpUnderLoad(place, modes[place % 3]!))
  })
})

/** A chain of backups in one directory, while writes and merges go on all the time. */
async function backUpUnderLoad(place: number, durability: DurabilityMode): Promise<void> {
  const disk = new SimFileSystem()
  const random = new SeededRandom(seed + place)
  const tally = new MergeTally()
  const opened = await ModelledStore.open(disk, {
    ...storeOptions(),
    autoMerge: place % 4 === 0,
    mergeDeadRatioMin: 0.3,
    mergeInputBytesMax: place % 2 === 0 ? 1_500 : 100_000,
    durability,
    logger: tally,
  })
  for (let link = 1; link <= 6; link++) {
    const writes = random.below(25)
    for (let write = 0; write < writes; write++) await opened.write(randomWrite(random))
    const merge = random.below(2) === 0 ? opened.store.merge() : undefined
    for (let hops = random.below(600); hops > 0; hops--) await Promise.resolve()
    if (opened.store.stats().merges.running) report.count('duringMerge')
    const floor = opened.model.floor('kill')
    const mergesBefore = tally.merges
    const end = { isReached: false }
    const under = opened.store.backup(backupDirectory).finally(() => {
      end.isReached = true
    })
    while (!end.isReached) {
      const error = await opened.write(randomWrite(random))
      assert.equal(error, undefined)
      report.count('writes')
      if (random.below(30) === 0) await opened.store.merge()
    }
    const { lastIndex, bytesReused } = await under
    await merge
    report.count('merges', tally.merges - mergesBefore)
    report.count('cases')
    if (bytesReused > 0) report.count('incremental')
    if (lastIndex > floor) report.count('beyond')
    const frozen = opened.model.frozen()
    const verified = await checkBackup(disk, () => frozen.recovered(lastIndex, 'kill', floor))
    assert.equal(verified.lastIndex, lastIndex, 'last index')
    assert.equal(verified.generation, link, 'generation')
  }
  await opened.close()
  assert.equal(disk.openFiles, 0, 'open files')
}

/** Opens the store on a disk and backs it up, as long as the disk lets it. */
async function backUp(disk: SimFileSystem): Promise<unknown> {
  let store: Store | undefined
  try {
    store = await Store.open(directory, { ...storeOptions(), fileSystem: disk, readOnly: true })
    await store.backup(backupDirectory)
    return undefined
  } catch (error) {
    return error
  } finally {
    await store?.close().catch(() => undefined)
  }
}

/** The model of a backup that is either the first, which `source` has, or the second, of all that was written. */
function oldOrNew({ lastIndex }: VerifiedBackup): Model {
  report.count(lastIndex === source.backedUp.version ? 'old' : 'new')
  return lastIndex === source.backedUp.version ? source.backedUp : source.model
}

async function operationsOf(disk: SimFileSystem, work: () => Promise<unknown>): Promise<number> {
  const before = disk.operations
  const error = await work()
  if (error !== undefined) throw error
  return disk.operations - before
}

const crashChoices: readonly CrashChoice[] = (['none', 'all', 'mixed'] as const).flatMap((data) =>
  (['kept', 'dropped', 'subset'] as const).map((names) => ({ data, names })),
)

/** The death of the process, and some power cuts: others at each operation. */
function choicesAt(cut: number): (CrashChoice | undefined)[] {
  const places = [0, 2, 4].map((place) => (cut + place) % crashChoices.length)
  return [undefined, ...places.map((place) => crashChoices[place])]
}

describe('C27: interrupted', () => {
  test('a power cut at any operation of a backup leaves the old one or the new one', async () => {
    const whole = source.disk.clone()
    const count = await operationsOf(whole, () => backUp(whole))
    for (let cut = 0; cut <= count; cut++) {
      await runCase(`C27 cut ${cut}`, () => cutBackup(source.disk, cut, oldOrNew))
    }
    expect(count).toBeGreaterThan(80)
  })

  test('a power cut at any operation of the first backup leaves none or a whole one', async () => {
    const bare = new SimFileSystem()
    for (const [path, bytes] of source.disk.files()) {
      if (path.startsWith(`${directory}/`)) bare.poke(path, bytes)
    }
    const whole = bare.clone()
    const count = await operationsOf(whole, () => backUp(whole))
    for (let cut = 0; cut <= count; cut++) {
      await runCase(`C27 first ${cut}`, () => cutBackup(bare, cut, () => source.model))
    }
  })

  test('a power cut at any operation of a restore leaves no store or the whole one', async () => {
    const base = onlyBackup(source.disk)
    const whole = base.clone()
    const count = await operationsOf(whole, () => restore(whole))
    for (let cut = 0; cut <= count; cut++) {
      await runCase(`C27 restore ${cut}`, async () => {
        for (const [place, choice] of choicesAt(cut).entries()) {
          const disk = base.clone()
          disk.stopAfter(cut)
          await restore(disk)
          const left =
            choice === undefined ? disk.clone() : disk.crash({ ...choice, seed: cut * 100 + place })
          await checkRestored(left)
          report.count('cases')
          report.count('faults')
        }
      })
    }
    expect(count).toBeGreaterThan(60)
  })
})

async function cutBackup(
  base: SimFileSystem,
  cut: number,
  modelOf: (backup: VerifiedBackup) => Model,
): Promise<void> {
  for (const [place, choice] of choicesAt(cut).entries()) {
    const random = new SeededRandom(cut * 100 + place)
    const disk = base.clone()
    disk.stopAfter(cut)
    await backUp(disk)
    const leave = (of: SimFileSystem): SimFileSystem =>
      choice === undefined ? of.clone() : of.crash({ ...choice, seed: random.below(1_000_000) })
    const left = leave(disk)
    await checkLeft(left, modelOf)
    report.count('cases')
    report.count('faults')
    // Again in the next one, which tidies up behind this one. What was seen after a kill need not be durable yet.
    const again: CrashChoice = choice ?? { data: 'none', names: 'subset' }
    const cuts = choice === undefined ? [20, 45, 70, 95, 120] : [random.below(120)]
    for (const cutAgain of cuts) {
      const next = left.clone()
      next.stopAfter(cutAgain)
      await backUp(next)
      await checkNext(next.crash({ ...again, seed: random.below(1_000_000) }), modelOf)
    }
    if (choice === undefined) await checkNext(left, modelOf)
  }
}

/** After a second interruption too there is a whole backup, and the next one goes well and leaves nothing behind. */
async function checkNext(
  disk: SimFileSystem,
  modelOf: (backup: VerifiedBackup) => Model,
): Promise<void> {
  await checkLeft(disk, modelOf)
  report.count('double')
  report.count('faults')
  assert.equal(await backUp(disk), undefined, 'the next backup')
  const { files } = await checkBackup(disk, () => source.model)
  assert.equal(onlyBackup(disk).files().size, files + 1, 'files of the backup')
}

/** A whole backup; or none at all, where there was none. */
async function checkLeft(
  disk: SimFileSystem,
  modelOf: (backup: VerifiedBackup) => Model,
): Promise<void> {
  const hadBackup = modelOf === oldOrNew
  if (!hadBackup && !disk.files().has(`${backupDirectory}/BACKUP`)) {
    const options = { fileSystem: onlyBackup(disk), clock: new SteppingClock() }
    const error = await verifyBackup(backupDirectory, options).catch((error: unknown) => error)
    assert(error instanceof KvError, 'there is no backup')
    report.count('none')
    return
  }
  await checkBackup(disk, modelOf)
}

async function restore(disk: SimFileSystem): Promise<unknown> {
  try {
    await restoreBackup(backupDirectory, restored, { fileSystem: disk, clock: new SteppingClock() })
    return undefined
  } catch (error) {
    return error
  }
}

/** What an interrupted restore has left is the whole store, or is taken for none, and can be restored to again. */
async function checkRestored(disk: SimFileSystem): Promise<void> {
  const hasNode = disk.files().has(`${restored}/NODE`)
  const isEmpty = ![...disk.files().keys()].some((path) => path.startsWith(`${restored}/`))
  if (!hasNode) {
    const options = { ...storeOptions(), fileSystem: disk }
    await assert.rejects(Store.open(restored, { ...options, readOnly: true }), KvError)
    if (!isEmpty) {
      await assert.rejects(Store.open(restored, options), { code: 'KV_BAD_REQUEST' })
    }
    assert.equal(await restore(disk), undefined, 'the next restore')
    report.count('none')
  }
  await checkRestoredStore(disk)
}

async function checkRestoredStore(disk: SimFileSystem): Promise<void> {
  const moved = new SimFileSystem()
  for (const [path, bytes] of disk.files()) {
    if (path.startsWith(`${restored}/`)) moved.poke(path.replace(restored, directory), bytes)
  }
  const opened = await ModelledStore.open(moved, storeOptions(), source.backedUp)
  await opened.close()
}

const expected: Record<SimErrorCode | 'short', readonly StoreErrorCode[]> = {
  // A file of the store that cannot be opened is as good as damaged.
  EIO: ['KV_STORAGE_FAILED', 'KV_CORRUPT_STORE'],
  ENOSPC: ['KV_DISK_FULL'],
  EMFILE: ['KV_TRY_LATER'],
  short: [],
}

const failures = (['EIO', 'ENOSPC', 'EMFILE', 'short'] as const).flatMap((code) =>
  (code === 'EIO' || code === 'ENOSPC'
    ? (['none', 'half', 'all'] as const)
    : ['none' as const]
  ).map((reached) => ({ code, reached })),
)

describe('C27: failing', () => {
  test.each(failures)('$code, reached $reached: any call of a backup', async (failure) => {
    const run = async (number: number): Promise<number> => {
      const disk = source.disk.clone()
      const store = await Store.open(directory, {
        ...storeOptions(),
        fileSystem: disk,
        readOnly: true,
      })
      inject(disk, failure, disk.operations + number)
      const error = await store.backup(backupDirectory).then(
        () => undefined,
        (error: unknown) => error,
      )
      const faults = disk.faultsInjected
      disk.clearFaults()
      await store.close()
      assert.equal(disk.openFiles, 0, 'open files')
      checkFailure(error, failure.code)
      // What a failed directory sync has lost, nothing but a restart of the machine shows.
      const left = failure.code === 'EIO' ? disk.crash({ data: 'none', names: 'dropped' }) : disk
      const { lastIndex } = await checkBackup(left, oldOrNew)
      if (error === undefined) assert.equal(lastIndex, source.model.version, 'the new one')
      assert.equal(await backUp(left), undefined, 'the next backup')
      await checkBackup(left, () => source.model)
      return faults
    }
    await untilClean(`backup ${failure.code} ${failure.reached}`, run)
  })

  test.each(failures)('$code, reached $reached: any call of a restore', async (failure) => {
    const base = onlyBackup(source.disk)
    const run = async (number: number): Promise<number> => {
      const disk = base.clone()
      inject(disk, failure, number)
      const error = await restore(disk)
      const faults = disk.faultsInjected
      disk.clearFaults()
      assert.equal(disk.openFiles, 0, 'open files')
      checkFailure(error, failure.code)
      const hasNode = disk.files().has(`${restored}/NODE`)
      if (error !== undefined) assert(!hasNode, 'a restore that failed has left a store')
      const left = failure.code === 'EIO' ? disk.crash({ data: 'none', names: 'dropped' }) : disk
      await checkRestored(left)
      return faults
    }
    await untilClean(`restore ${failure.code} ${failure.reached}`, run)
  })
})

type Failure = (typeof failures)[number]

function inject(
  disk: SimFileSystem,
  { code, reached }: { code: Failure['code']; reached: Reached },
  at: number,
): void {
  if (code === 'short') disk.shortenAt({ at })
  else disk.failAt({ at, code, reached })
}

function checkFailure(error: unknown, code: Failure['code']): void {
  if (error === undefined) return
  if (!(error instanceof KvError) || !expected[code].includes(error.code)) throw error
  report.count('refused')
}

/** For every call in turn, until a run passes clean. */
async function untilClean(name: string, run: (number: number) => Promise<number>): Promise<void> {
  for (let number = 1; number < 2_000; number++) {
    const faults = await runCase(`C27 ${name} ${number}`, async () => {
      report.count('cases')
      const faults = await run(number)
      report.count('faults', faults)
      return faults
    })
    if (faults === 0) return
  }
  assert(replaying, 'no run passed clean')
}

describe('C27: damaged', () => {
  const whole = onlyBackup(source.disk)
  const files = [...whole.files()]
  const manifestPath = `${backupDirectory}/BACKUP`

  test('every bit of the manifest, and every cut', async () => {
    const bytes = whole.files().get(manifestPath)!
    for (const [kind, damage] of damages.slice(0, 2)) {
      for (const damaged of damage(bytes)) {
        report.count(kind)
        await checkDamaged(new Map(files).set(manifestPath, damaged), 'BACKUP')
      }
    }
  })

  test.each(files.map(([path]) => path).filter((path) => path !== manifestPath))(
    'inside %s',
    async (path) => {
      const bytes = whole.files().get(path)!
      let turn = 0
      for (const [kind, damage] of damages) {
        for (const damaged of damage(bytes)) {
          if (++turn % 37 !== 0 || sameBytes(damaged, bytes)) continue
          report.count(kind)
          await checkDamaged(new Map(files).set(path, damaged), path)
        }
      }
    },
  )

  test('files are gone, swapped, or stand for others', async () => {
    for (const [path, bytes] of files) {
      const without = new Map(files)
      without.delete(path)
      await checkDamaged(without, path)
      for (const [other, otherBytes] of files) {
        if (other === path) continue
        await checkDamaged(new Map(files).set(path, otherBytes), path)
        if (other > path) await checkDamaged(new Map(files).set(path, otherBytes).set(other, bytes))
        report.count('others', 2)
      }
    }
  })

  test('files that it does not name change nothing', async () => {
    const disk = onlyBackup(source.disk)
    for (const [path, bytes] of files) disk.poke(`${path}.9`, bytes)
    disk.poke(`${backupDirectory}/data/0000000000009999.data.1`, new Uint8Array(100))
    await checkBackup(disk, () => source.backedUp)
  })

  test('names that lead elsewhere', async () => {
    const manifest = decodeBackupManifest(Buffer.from(whole.files().get(manifestPath)!))
    assert(typeof manifest !== 'string')
    const { encodeCheckedJson } = await import('../../src/checked-json.ts')
    const names = ['../etc/passwd', '/etc/passwd', 'log/../../x', 'NODE', 'LOCK.1', 'log/next', '']
    names.push('log/0000000000000001.data/../x', 'data/1.data', 'keydir.image', 'VOTE', 'log', '.')
    names.push('log/0000000000000001.data\0', 'log/0000000000000001.data\n', 'MANIFEST/x')
    for (const path of names) {
      const [first, ...rest] = manifest.files
      const forged = encodeCheckedJson({ ...manifest, files: [{ ...first, path }, ...rest] })
      const damage = await checkDamaged(new Map(files).set(manifestPath, forged), 'BACKUP')
      expect(damage).toMatch(/^it names a file that no store has/)
    }
    const [first] = manifest.files
    const fields = [{ generation: 0 }, { generation: '1/../..' }, { generation: 9 }]
    for (const field of [...fields, { sha256: '' }, { bytes: -1 }, { bytes: 1.5 }]) {
      const forged = encodeCheckedJson({ ...manifest, files: [{ ...first, ...field }] })
      await checkDamaged(new Map(files).set(manifestPath, forged), 'BACKUP')
    }
    const twice = encodeCheckedJson({ ...manifest, files: [...manifest.files, first] })
    await checkDamaged(new Map(files).set(manifestPath, twice), 'BACKUP')
    const none = encodeCheckedJson({ ...manifest, files: [] })
    await checkDamaged(new Map(files).set(manifestPath, none), 'BACKUP')
    expect(storedPath(first!)).toMatch(/^log\/[0-9]{16}\.data\.1$/)
  })
})

/** Both readers refuse it and name the file, nothing is changed, and no store is there. Returns what they say. */
async function checkDamaged(
  files: ReadonlyMap<string, Uint8Array>,
  path?: string,
): Promise<string> {
  report.count('cases')
  report.count('faults')
  const disk = new SimFileSystem()
  for (const [path, bytes] of files) disk.poke(path, bytes)
  const options = { fileSystem: disk, clock: new SteppingClock() }
  const name = path?.replace(`${backupDirectory}/`, '')
  let said = ''
  for (const read of [
    () => verifyBackup(backupDirectory, options),
    () => restoreBackup(backupDirectory, restored, options),
  ]) {
    const error = await read().then(
      () => new Error(`${name ?? 'it'} is damaged, and was not found to be`),
      (error: unknown) => error,
    )
    if (!(error instanceof KvError) || error.code !== 'KV_CORRUPT_BACKUP') throw error
    if (name !== undefined) assert.equal(error.details['path'], name, 'the file that is named')
    said = String(error.details['damage'])
  }
  assert.equal(disk.openFiles, 0, 'open files')
  const left = disk.files()
  for (const [path, bytes] of files) assert(sameBytes(left.get(path)!, bytes), `${path} changed`)
  const store = [...left.keys()].filter((path) => path.startsWith(`${restored}/`))
  assert(store.length <= 1, `${store.join(', ')} are left`)
  return said
}

test('C27: there were enough of them', () => {
  report.finish(
    replaying
      ? {}
      : {
          cases: 30_000,
          faults: 30_000,
          double: 1_500,
          writes: 1_500,
          merges: 80,
          incremental: 30,
          beyond: 80,
          duringMerge: 20,
          old: 1_800,
          new: 150,
          none: 2_000,
          refused: 1_500,
          cuts: 3_000,
          flips: 24_000,
        },
  )
})
