/** A store on a simulated disk with backups of it, for tests that break them. */
import assert from 'node:assert/strict'
import type { VerifiedBackup } from '../../src/backup/backup-reader.ts'
import { restoreBackup } from '../../src/backup/restore.ts'
import { verifyBackup } from '../../src/backup/verify.ts'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import type { StoreOptions } from '../../src/options.ts'
import type { Model } from './model.ts'
import { directory, ModelledStore } from './modelled-store.ts'
import { SteppingClock } from './stepping-clock.ts'
import { randomWrite } from './workload.ts'

export const backupDirectory = '/backup'

export function storeOptions(): StoreOptions {
  return { segmentBytes: 500, autoMerge: false, openFilesMax: 8, clock: new SteppingClock() }
}

export interface BackedUpStore {
  /** Closed, with one backup, and much that is not in it. */
  readonly disk: SimFileSystem
  /** Of the store when it was closed. */
  readonly model: Model
  /** Of the store as it is in the backup. */
  readonly backedUp: Model
}

/** Some files of the first backup have been merged away since, others are there still. */
export async function backedUpStore(seed: number): Promise<BackedUpStore> {
  const disk = new SimFileSystem()
  const opened = await ModelledStore.open(disk, { ...storeOptions(), mergeInputBytesMax: 1_500 })
  const random = new SeededRandom(seed)
  for (let write = 0; write < 30; write++) await opened.write(randomWrite(random))
  await opened.store.merge()
  for (let write = 0; write < 25; write++) await opened.write(randomWrite(random))
  const { lastIndex } = await opened.store.backup(backupDirectory)
  const backedUp = opened.model.frozen().recovered(lastIndex, 'kill')
  for (let write = 0; write < 12; write++) await opened.write(randomWrite(random))
  await opened.store.merge()
  for (let write = 0; write < 12; write++) await opened.write(randomWrite(random))
  await opened.close()
  return { disk, model: opened.model, backedUp }
}

/** A disk with nothing but the backup of another one: whatever is restored comes from there. */
export function onlyBackup(disk: SimFileSystem): SimFileSystem {
  const moved = new SimFileSystem()
  for (const [path, bytes] of disk.files()) {
    if (path.startsWith(`${backupDirectory}/`)) moved.poke(path, bytes)
  }
  return moved
}

/** Verifies the backup on a disk, restores it, and holds the store against the model that `modelOf` has for it. */
export async function checkBackup(
  disk: SimFileSystem,
  modelOf: (backup: VerifiedBackup) => Model,
): Promise<VerifiedBackup> {
  const moved = onlyBackup(disk)
  const options = { fileSystem: moved, clock: new SteppingClock() }
  const verified = await verifyBackup(backupDirectory, options)
  const { newStoreId, ...restored } = await restoreBackup(backupDirectory, directory, options)
  assert.deepEqual(restored, verified, 'what was restored')
  const opened = await ModelledStore.open(moved, storeOptions(), modelOf(verified))
  assert.equal(opened.store.identity.storeId, newStoreId, 'store id')
  assert.equal(opened.store.stats().recovery.cutBytes, 0, 'nothing is torn')
  // It goes on, and survives what a store survives.
  const random = new SeededRandom(verified.lastIndex)
  for (let write = 0; write < 6; write++) await opened.write(randomWrite(random))
  await opened.store.merge()
  await opened.check()
  await opened.close()
  const cut = moved.crash({ data: 'none', names: 'dropped' })
  const again = await ModelledStore.open(cut, storeOptions(), opened.model, 'cut')
  await again.close()
  assert.equal(moved.openFiles, 0, 'open files')
  return verified
}
