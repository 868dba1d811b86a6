import { expect, test } from 'vitest'
import type { SimOperation } from '../file-system/sim-faults.ts'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import { Store } from '../store.ts'

const options = { segmentBytes: 256, autoMerge: false }

test('merges that are asked for together are made one after the other', async () => {
  const disk = new SimFileSystem()
  {
    await using store = await Store.open('/db', { ...options, fileSystem: disk })
    for (let write = 0; write < 20; write++) await store.put(`k${write % 7}`, `v${write}`)
    const reports = await Promise.all([store.merge(), store.merge(), store.merge()])
    expect(reports[0].inputFiles).toBeGreaterThan(1)
    expect(reports.slice(1).map(({ inputFiles }) => inputFiles)).toEqual([0, 0])
    expect(store.stats().merges).toMatchObject({ completed: 1, failed: 0, running: false })
  }
  await using store = await Store.open('/db', { ...options, fileSystem: disk })
  expect(await store.count()).toBe(7)
})

test('a merge whose manifest is in doubt is the last: what it wrote may count', async () => {
  const disk = new SimFileSystem()
  const store = await storeToMerge(disk)
  disk.failAt({ at: syncs('/db'), code: 'EIO' })
  const failed = { code: 'KV_STORAGE_FAILED' }
  await expect(store.merge()).rejects.toMatchObject(failed)
  await expect(store.merge()).rejects.toMatchObject(failed)
  await expect(store.put('b', '2')).rejects.toMatchObject(failed)
  await store.close()
  for (const left of [disk.clone(), disk.crash({ data: 'none', names: 'dropped' })]) {
    await using again = await Store.open('/db', { ...options, fileSystem: left })
    expect((await again.get('a'))?.value.toString()).toBe('9')
  }
})

test('a merge that finds no room for the name of its manifest changes nothing', async () => {
  const disk = new SimFileSystem()
  const store = await storeToMerge(disk)
  disk.failAt({
    at: ({ kind, path }) => kind === 'rename' && path === '/db/MANIFEST.tmp',
    code: 'ENOSPC',
  })
  await expect(store.merge()).rejects.toMatchObject({ code: 'KV_DISK_FULL' })
  await store.put('b', '2')
  expect((await store.merge()).inputFiles).toBeGreaterThan(1)
  await store.close()
})

test('without room for another segment a merge leaves the active one out, and makes room', async () => {
  const disk = new SimFileSystem()
  const store = await storeToMerge(disk)
  await store.put('active', '1')
  disk.failAt({
    at: ({ kind, path }) => kind === 'create' && path === '/db/log/next',
    code: 'ENOSPC',
    sticky: true,
  })
  const before = store.stats().files.bytes
  expect((await store.merge()).droppedRecords).toBeGreaterThan(0)
  expect(store.stats().files.bytes).toBeLessThan(before)
  expect((await store.get('active'))?.value.toString()).toBe('1')
  disk.clearFaults()
  await store.close()
})

test('a file that a failed merge could not remove is in nobody’s way', async () => {
  const disk = new SimFileSystem()
  const store = await storeToMerge(disk)
  disk.failAt({ at: syncs('/db/data'), code: 'EIO' })
  disk.failAt({
    at: ({ kind, path }) => kind === 'unlink' && path.startsWith('/db/data/'),
    code: 'EIO',
    sticky: true,
  })
  await expect(store.merge()).rejects.toMatchObject({ code: 'KV_STORAGE_FAILED' })
  expect(store.stats().failed).toBe(false)
  disk.clearFaults()
  expect((await store.merge()).outputFiles).toBe(1)
  await store.close()
  await using again = await Store.open('/db', { ...options, fileSystem: disk })
  expect((await again.get('a'))?.value.toString()).toBe('9')
  expect([...disk.files().keys()].filter((path) => path.startsWith('/db/data/'))).toHaveLength(2)
})

test('merges that are asked for at once come one after the other', async () => {
  const disk = new SimFileSystem()
  const store = await storeToMerge(disk)
  const reports = await Promise.all([store.merge(), store.merge(), store.merge()])
  expect(reports.filter(({ inputFiles }) => inputFiles > 0)).toHaveLength(1)
  expect((await store.get('a'))?.value.toString()).toBe('9')
  await store.close()
  await using again = await Store.open('/db', { ...options, fileSystem: disk })
  expect((await again.get('a'))?.value.toString()).toBe('9')
})

async function storeToMerge(fileSystem: SimFileSystem): Promise<Store> {
  const store = await Store.open('/db', { ...options, fileSystem })
  await store.put('alive', '')
  for (let write = 0; write < 10; write++) await store.put('a', `${write}`)
  return store
}

function syncs(path: string): (operation: SimOperation) => boolean {
  return (operation) => operation.kind === 'syncDirectory' && operation.path === path
}
