import { expect, test } from 'vitest'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { Store } from './store.ts'

test.each([
  ['ENOSPC', 'KV_DISK_FULL'],
  ['EMFILE', 'KV_TRY_LATER'],
  ['EIO', 'KV_STORAGE_FAILED'],
] as const)('an open that ends in %s says %s', async (code, expected) => {
  const disk = new SimFileSystem()
  disk.failAt({ at: 1, code, sticky: true })
  await expect(Store.open('/db', { fileSystem: disk })).rejects.toMatchObject({
    code: expected,
    cause: { code },
  })
})

test('a record that cannot be read is a damaged one', async () => {
  const disk = new SimFileSystem()
  await using store = await Store.open('/db', { fileSystem: disk })
  await store.put('a', '1')
  disk.failAt({ at: ({ kind }) => kind === 'read', code: 'EIO', sticky: true })
  const corrupt = { code: 'KV_CORRUPT_RECORD', cause: { code: 'EIO' } }
  await expect(store.get('a')).rejects.toMatchObject(corrupt)
  await expect(store.getMany(['a'])).rejects.toMatchObject(corrupt)
  disk.clearFaults()
  expect((await store.get('a'))?.value.toString()).toBe('1')
})

test('closing a store whose log failed says so, once more and at last', async () => {
  const disk = new SimFileSystem()
  const failures: unknown[] = []
  const onFailure = (error: unknown): void => void failures.push(error)
  const store = await Store.open('/db', { fileSystem: disk, onFailure })
  disk.failAt({ at: ({ kind }) => kind === 'sync', code: 'EIO' })
  const failed = { code: 'KV_STORAGE_FAILED' }
  await expect(store.put('a', '1')).rejects.toMatchObject(failed)
  await expect(store.close()).rejects.toMatchObject(failed)
  expect(failures).toHaveLength(1)
  expect(disk.openFiles).toBe(0)
})
