import { expect, test } from 'vitest'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { Store } from './store.ts'

test('what was put is there after a restart', async () => {
  const disk = new SimFileSystem()
  {
    await using store = await Store.open('/db', { fileSystem: disk })
    expect(await store.put('a', '1')).toEqual({ version: 1, durability: 'synced' })
    await Promise.all([store.put('b', '2'), store.put('c', '3'), store.delete('a')])
    expect((await store.get('b'))?.value.toString()).toBe('2')
    expect(await store.get('a')).toBeUndefined()
  }
  expect(disk.openFiles).toBe(0)
  await using store = await Store.open('/db', { fileSystem: disk })
  expect((await store.get('c'))?.value.toString()).toBe('3')
  expect(await store.get('a')).toBeUndefined()
  expect(store.stats().keys).toBe(2)
})
