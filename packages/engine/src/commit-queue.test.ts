import { expect, test } from 'vitest'
import { TestClock } from '../test/test-clock.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { Store } from './store.ts'

test('writes that are gathered while the writing ends are refused, none waits for ever', async () => {
  const disk = new SimFileSystem()
  const clock = new TestClock()
  const store = await Store.open('/db', { fileSystem: disk, clock, durability: 'interval' })
  await store.put('a', '1')
  disk.failAt({ at: ({ kind }) => kind === 'sync', code: 'EIO' })
  // The sync is nobody's write: it fails beside the groups.
  clock.advance(1_000)
  const writes: Promise<unknown>[] = []
  for (let turn = 0; turn < 20; turn++) {
    writes.push(store.put(`b${turn}`, '').catch((error: unknown) => error))
    await Promise.resolve()
  }
  expect(await Promise.all(writes)).toContainEqual(
    expect.objectContaining({ code: 'KV_STORAGE_FAILED' }),
  )
  await expect(store.delete('absent')).rejects.toMatchObject({ code: 'KV_STORAGE_FAILED' })
  await expect(store.close()).rejects.toMatchObject({ code: 'KV_STORAGE_FAILED' })
  expect(disk.openFiles).toBe(0)
})
