import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { describeStore } from '../test/store-suite.ts'
import { nodeFileSystem } from './file-system/node-file-system.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { Store } from './store.ts'

describeStore('this machine', async () => {
  const root = await mkdtemp(`${tmpdir()}/kv-store-`)
  return {
    fileSystem: nodeFileSystem,
    directory: `${root}/db`,
    cleanUp: () => rm(root, { recursive: true }),
  }
})

describeStore('simulated', async () => {
  const fileSystem = new SimFileSystem()
  return { fileSystem, directory: '/db', cleanUp: async () => expect(fileSystem.openFiles).toBe(0) }
})

test('without options, a store of this machine', async () => {
  const root = await mkdtemp(`${tmpdir()}/kv-store-`)
  try {
    {
      await using store = await Store.open(root)
      await store.put('a', '1')
    }
    const names = (await readdir(root)).filter((name) => !name.startsWith('LOCK')).sort()
    expect(names).toEqual(['MANIFEST', 'NODE', 'data', 'keydir.image', 'log', 'marks'])
    expect((await stat(`${root}/log`)).mode & 0o777).toBe(0o700)
    expect((await stat(`${root}/NODE`)).mode & 0o777).toBe(0o600)
  } finally {
    await rm(root, { recursive: true })
  }
})
