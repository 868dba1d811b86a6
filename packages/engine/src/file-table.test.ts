import { expect, test } from 'vitest'
import { systemClock } from './clock.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { Store } from './store.ts'

const options = { segmentBytes: 256, openFilesMax: 4, autoMerge: false }
/** The active segment, the one being sealed and its hint, and the marks are open beside those in the table. */
const besides = 4

test('a store that is only written to keeps no more files open than it may', async () => {
  const disk = new SimFileSystem()
  await using store = await Store.open('/db', { ...options, fileSystem: disk })
  for (let write = 0; write < 200; write++) await store.put(`key ${write}`, 'x'.repeat(100))
  await store.merge()
  expect(store.stats().files.mergeOutputs).toBeGreaterThan(20)
  expect(disk.openFiles).toBeLessThanOrEqual(options.openFilesMax + besides)
})

test('a store with more segments than descriptors opens', async () => {
  const disk = new SimFileSystem()
  {
    await using store = await Store.open('/db', { ...options, fileSystem: disk })
    for (let write = 0; write < 200; write++) await store.put(`key ${write}`, 'x'.repeat(100))
    while (store.stats().files.unsealedSegments > 0) await systemClock.nextTurn()
  }
  const left = disk.clone()
  left.failAt({
    at: ({ kind }) => kind === 'open' && left.openFiles > 45,
    code: 'EMFILE',
    sticky: true,
  })
  await using store = await Store.open('/db', { ...options, fileSystem: left })
  expect(store.stats().keys).toBe(200)
  expect(store.stats().files.logSegments).toBeGreaterThan(90)
  expect(left.faultsInjected).toBe(0)
})
