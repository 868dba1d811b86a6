import { mkdtemp, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { FileSystemUnderTest } from '../../test/file-system/contract.ts'
import { describeFileSystemContract } from '../../test/file-system/contract.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { SimFileSystem } from './sim-file-system.ts'

describeFileSystemContract('this machine', makeReal)

describeFileSystemContract('simulated', async () => {
  const fileSystem = new SimFileSystem()
  await fileSystem.makeDirectory('/store')
  return { fileSystem, root: '/store', cleanUp: async () => expect(fileSystem.openFiles).toBe(0) }
})

test('files and directories are for their owner only', async () => {
  const { root, cleanUp } = await makeReal()
  try {
    const file = await nodeFileSystem.createFile(`${root}/a`)
    await file.close()
    await nodeFileSystem.makeDirectory(`${root}/d`)
    expect((await stat(`${root}/a`)).mode & 0o777).toBe(0o600)
    expect((await stat(`${root}/d`)).mode & 0o777).toBe(0o700)
  } finally {
    await cleanUp()
  }
})

async function makeReal(): Promise<FileSystemUnderTest> {
  const root = await mkdtemp(`${tmpdir()}/kv-file-system-`)
  return {
    fileSystem: nodeFileSystem,
    root,
    symlink,
    cleanUp: () => rm(root, { recursive: true }),
  }
}
