import { mkdtemp, rm, stat, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { FileSystemUnderTest } from '../../test/file-system/contract.ts'
import { describeFileSystemContract } from '../../test/file-system/contract.ts'
import { blockingFileSystem } from './blocking-file-system.ts'
import type { FileSystem } from './file-system.ts'
import { nodeFileSystem } from './node-file-system.ts'
import { SimFileSystem } from './sim-file-system.ts'

describeFileSystemContract('this machine', () => makeReal(nodeFileSystem))

describeFileSystemContract('this machine, blocking', () => makeReal(blockingFileSystem))

describeFileSystemContract('simulated', async () => {
  const fileSystem = new SimFileSystem()
  await fileSystem.makeDirectory('/store')
  return { fileSystem, root: '/store', cleanUp: async () => expect(fileSystem.openFiles).toBe(0) }
})

test.each([
  ['', nodeFileSystem],
  [', blocking', blockingFileSystem],
])('files and directories are for their owner only%s', async (_, fileSystem) => {
  const { root, cleanUp } = await makeReal(fileSystem)
  try {
    const file = await fileSystem.createFile(`${root}/a`)
    await file.close()
    await fileSystem.makeDirectory(`${root}/d`)
    expect((await stat(`${root}/a`)).mode & 0o777).toBe(0o600)
    expect((await stat(`${root}/d`)).mode & 0o777).toBe(0o700)
  } finally {
    await cleanUp()
  }
})

async function makeReal(fileSystem: FileSystem): Promise<FileSystemUnderTest> {
  const root = await mkdtemp(`${tmpdir()}/kv-file-system-`)
  return {
    fileSystem,
    root,
    symlink,
    cleanUp: () => rm(root, { recursive: true }),
  }
}
