import { expect, test } from 'vitest'
import { TestClock } from '../../test/test-clock.ts'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import { Store } from '../store.ts'

const options = { segmentBytes: 300, autoMerge: false, clock: new TestClock() }

test('merges that are asked for at once are made one after the other', async () => {
  const disk = new SimFileSystem()
  await using store = await Store.open('/db', { ...options, fileSystem: disk })
  for (let round = 0; round < 3; round++) {
    for (let key = 0; key < 30; key++) await store.put(`k${key}`, `${round}`)
    const reports = await Promise.all([store.merge(), store.merge(), store.merge()])
    expect(reports.filter(({ droppedRecords }) => droppedRecords > 0).length).toBeLessThanOrEqual(1)
  }
  expect(store.stats()).toMatchObject({ keys: 30, failed: false, merges: { failed: 0 } })
  for (let key = 0; key < 30; key++) {
    expect((await store.get(`k${key}`))?.value.toString()).toBe('2')
  }
})

test('a merge that is asked for just before a close does not begin behind it', async () => {
  const disk = new SimFileSystem()
  for (let hops = 0; hops < 120; hops += 7) {
    const store = await Store.open('/db', { ...options, fileSystem: disk })
    for (let key = 0; key < 12; key++) await store.put(`k${key}`, `${hops}`)
    const merged = store.merge().catch((error: unknown) => error)
    for (let hop = 0; hop < hops; hop++) await Promise.resolve()
    await store.close()
    await merged
    expect(store.stats().merges.running).toBe(false)
    expect(disk.openFiles).toBe(0)
  }
  await using store = await Store.open('/db', { ...options, fileSystem: disk })
  expect((await store.get('k3'))?.value.toString()).toBe('119')
})
