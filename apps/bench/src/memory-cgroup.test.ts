import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMemoryCgroup, memoryCgroupAvailable } from './memory-cgroup.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kv-cgroup-'))
})

afterEach(() => rm(root, { recursive: true, force: true }))

test.runIf(process.platform === 'linux')('version 1 has a folder for memory', async () => {
  await mkdir(join(root, 'memory'))
  await writeFile(join(root, 'memory/memory.limit_in_bytes'), '')
  expect(memoryCgroupAvailable(root)).toEqual({ available: true, version: 1 })
  const group = await createMemoryCgroup(1_000_000, root)
  const folder = join(root, `memory/kv-bench-${process.pid}`)
  expect(await readFile(join(folder, 'memory.limit_in_bytes'), 'utf8')).toBe('1000000')
  expect(group.processesFile).toBe(join(folder, 'cgroup.procs'))
})

test.runIf(process.platform === 'linux')('version 2 wants memory for its children', async () => {
  await writeFile(join(root, 'cgroup.controllers'), 'cpu memory io\n')
  expect(memoryCgroupAvailable(root)).toEqual({ available: true, version: 2 })
  await createMemoryCgroup(1_000_000, root)
  expect(await readFile(join(root, 'cgroup.subtree_control'), 'utf8')).toBe('+memory')
  const folder = join(root, `kv-bench-${process.pid}`)
  expect(await readFile(join(folder, 'memory.max'), 'utf8')).toBe('1000000')
})

test.runIf(process.platform === 'linux')('without a controller it says so', async () => {
  const availability = memoryCgroupAvailable(root)
  expect(availability).toMatchObject({ available: false })
  await expect(createMemoryCgroup(1, root)).rejects.toThrow('no memory controller')
})
