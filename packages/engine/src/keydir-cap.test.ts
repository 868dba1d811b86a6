import { expect, test } from 'vitest'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { Store } from './store.ts'

const mebi = 1024 * 1024
const full = { code: 'KV_MEMORY_FULL', retryable: true, outcome: 'not-applied' }

test('at the cap new keys are refused, and all else goes on', async () => {
  await using store = await Store.open('/db', {
    fileSystem: new SimFileSystem(),
    durability: 'never',
    keydirBytesMax: mebi,
    autoMerge: false,
  })
  const keys = await fill(store)
  expect(keys).toBeGreaterThan(1_000)
  const { keydir, operations } = store.stats()
  expect(keydir).toMatchObject({ bytesMax: mebi, isFull: true, refused: 1 })
  expect(operations.refused).toBe(1)
  const used = keydir.entryBytes + keydir.hashBytes + keydir.orderBytes
  expect(used).toBeGreaterThanOrEqual(mebi)
  expect(used).toBeLessThan(1.2 * mebi)

  await expect(store.put('new', '')).rejects.toMatchObject({
    ...full,
    details: { keydirBytes: used, keydirBytesMax: mebi },
  })
  const batch = [
    { type: 'put', key: keyOf(0), value: 'never' },
    { type: 'put', key: 'new', value: '' },
  ] as const
  await expect(store.batch(batch)).rejects.toMatchObject(full)
  expect(await store.get('new')).toBeUndefined()
  expect((await store.get(keyOf(0)))?.value.toString()).toBe('')

  await store.put(keyOf(0), 'overwritten')
  await store.batch([
    { type: 'put', key: keyOf(1), value: 'overwritten' },
    { type: 'delete', key: keyOf(2) },
  ])
  expect(await store.merge()).toMatchObject({ liveRecords: keys - 1 })
  for (let key = 3; key < 800; key++) await store.delete(keyOf(key))
  expect(store.stats().keydir.isFull).toBe(false)
  await store.put('new', 'at last')
  expect((await store.get('new'))?.value.toString()).toBe('at last')
})

test('a key whose first put is under way is not new any more', async () => {
  await using store = await Store.open('/db', {
    fileSystem: new SimFileSystem(),
    keydirBytesMax: mebi,
  })
  await fill(store)
  for (let key = 0; store.stats().keydir.isFull; key++) await store.delete(keyOf(key))
  // Of these the first are taken in before the keydir knows of them.
  const puts = Array.from({ length: 200 }, (_, put) => store.put(`more ${put}`, ''))
  await Promise.all(puts)
  expect(store.stats().keydir.isFull).toBe(true)
  await expect(store.put('new', '')).rejects.toMatchObject(full)
  const first = store.delete('more 0')
  const again = store.put('more 1', 'again')
  await first
  await again
  expect((await store.get('more 1'))?.value.toString()).toBe('again')
})

test('a cap that is lower than what is there refuses new keys and opens all the same', async () => {
  const fileSystem = new SimFileSystem()
  {
    await using store = await Store.open('/db', { fileSystem, durability: 'never' })
    for (let key = 0; key < 20_000; key++) await store.put(keyOf(key), '')
    expect(store.stats().keydir).toMatchObject({ isFull: false, refused: 0 })
  }
  await using store = await Store.open('/db', { fileSystem, keydirBytesMax: mebi })
  await expect(store.put('new', '')).rejects.toMatchObject(full)
  await store.put(keyOf(7), 'overwritten')
  expect(store.stats().keys).toBe(20_000)
})

/** Puts new keys until one is refused. Returns how many were taken. */
async function fill(store: Store): Promise<number> {
  for (let key = 0; ; key++) {
    try {
      await store.put(keyOf(key), '')
    } catch (error) {
      expect(error).toMatchObject(full)
      return key
    }
  }
}

function keyOf(key: number): string {
  return `key ${key}`.padEnd(40, '.')
}
