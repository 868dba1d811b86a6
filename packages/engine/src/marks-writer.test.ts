import { expect, test } from 'vitest'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { Store } from './store.ts'

test('without room for a mark the writing goes on, through rolls and to a good end', async () => {
  const disk = new SimFileSystem()
  const options = { fileSystem: disk, segmentBytes: 256 }
  const store = await Store.open('/db', options)
  disk.failAt({
    at: ({ kind, path }) => kind === 'write' && path === '/db/marks',
    code: 'ENOSPC',
    sticky: true,
  })
  for (let write = 0; write < 10; write++) await store.put('a', `${write}`)
  await store.close()
  const { faultsInjected } = disk
  expect(faultsInjected).toBeGreaterThan(3)
  disk.clearFaults()
  await using again = await Store.open('/db', options)
  expect((await again.get('a'))?.value.toString()).toBe('9')
})
