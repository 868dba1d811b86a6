import { expect, test } from 'vitest'
import { TestClock } from '../test/test-clock.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { Store } from './store.ts'

test('much that was written is synced before its time, so that a roll does not wait for it', async () => {
  const clock = new TestClock()
  await using store = await Store.open('/db', {
    fileSystem: new SimFileSystem(),
    clock,
    durability: 'interval',
  })
  const syncs = () => store.stats().commits.syncs.count
  const value = Buffer.alloc(1024 * 1024)
  for (let write = 1; write <= 3; write++) await store.put(`k${write}`, value)
  expect(syncs()).toBe(0)
  await store.put('k4', value)
  await expect.poll(syncs, { interval: 1 }).toBe(1)
  for (let write = 5; write <= 8; write++) await store.put(`k${write}`, value)
  await expect.poll(syncs, { interval: 1 }).toBe(2)
  // What the clock had planned finds nothing left to do, and the next write is planned for anew.
  clock.advance(1_000)
  await expect.poll(syncs, { interval: 1 }).toBe(3)
  await store.put('k9', '')
  expect(syncs()).toBe(3)
  clock.advance(1_000)
  await expect.poll(syncs, { interval: 1 }).toBe(4)
})
