import { expect, test } from 'vitest'
import { SimFileSystem } from '../file-system/sim-file-system.ts'
import { Store } from '../store.ts'

const options = { segmentBytes: 256, autoMerge: false }

test.each([
  ['the data directory', 'syncDirectory', '/'],
  ['a segment', 'syncDirectory', '/db/log'],
  ['a manifest', 'syncDirectory', '/db'],
] as const)(
  'the name of %s that a killed process had not synced does not go in a later power cut',
  async (_, kind, path) => {
    for (const count of await places(kind, path)) {
      const disk = new SimFileSystem()
      disk.stopAfter(count - 1)
      const written = await fill(disk)
      const killed = disk.clone()
      {
        const store = await Store.open('/db', { ...options, fileSystem: killed })
        await store.put('later', '1')
      }
      const cut = killed.crash({ data: 'none', names: 'dropped' })
      await using store = await Store.open('/db', { ...options, fileSystem: cut })
      expect((await store.get('later'))?.value.toString()).toBe('1')
      expect((await store.get('a'))?.version ?? 0).toBeGreaterThanOrEqual(written)
    }
  },
)

test('a roll that failed halfway leaves a segment that does not count', async () => {
  const disk = new SimFileSystem()
  const store = await Store.open('/db', { ...options, segmentBytes: 4096, fileSystem: disk })
  const tried = 4
  for (let roll = 0; roll < tried; roll++) {
    await store.put(`before${roll}`, '1')
    disk.failAt({
      at: ({ kind, path }) => kind === 'syncDirectory' && path === '/db/log',
      code: 'EMFILE',
    })
    // Closes the active segment first, in vain.
    await store.merge()
    await store.put(`behind${roll}`, '2')
    const names = [...disk.files().keys()].filter((path) => /^\/db\/log\/\d+\.data$/.test(path))
    expect(names.length).toBeGreaterThan(1)
    for (const left of [
      disk.clone(),
      disk.crash({ data: 'none', names: 'dropped' }),
      disk.crash({ data: 'all', names: 'kept' }),
    ]) {
      await using again = await Store.open('/db', { ...options, fileSystem: left })
      expect((await again.get(`before${roll}`))?.value.toString()).toBe('1')
      expect((await again.get(`behind${roll}`))?.value.toString()).toBe('2')
      expect(again.stats().keys).toBe(2 * (roll + 1))
      expect(again.stats().files.logSegments).toBe(1)
      await again.put('more', '3')
      await again.close()
      await using third = await Store.open('/db', { ...options, fileSystem: left })
      expect(third.stats().keys).toBe(2 * (roll + 1) + 1)
    }
  }
  expect(disk.faultsInjected).toBe(tried)
  await store.close()
})

test.each(['log', 'data'])('without its folder %s a store does not open', async (folder) => {
  const whole = new SimFileSystem()
  await fill(whole)
  const disk = new SimFileSystem()
  for (const [path, bytes] of whole.files()) {
    if (!path.startsWith(`/db/${folder}/`)) disk.poke(path, bytes)
  }
  const before = disk.files()
  await expect(Store.open('/db', { ...options, fileSystem: disk })).rejects.toMatchObject({
    code: 'KV_CORRUPT_STORE',
  })
  expect([disk.files(), disk.openFiles]).toEqual([before, 0])
})

/** The numbers of such operations in the life of a store. */
async function places(kind: string, path: string): Promise<number[]> {
  const disk = new SimFileSystem()
  const operations = disk.record()
  await fill(disk)
  const found = operations.filter((operation) => operation.kind === kind && operation.path === path)
  expect(found.length).toBeGreaterThan(0)
  return found.map(({ number }) => number)
}

/** Creates a store, writes to it and merges. Returns the last version that was acknowledged. */
async function fill(disk: SimFileSystem): Promise<number> {
  let written = 0
  try {
    const store = await Store.open('/db', { ...options, fileSystem: disk })
    for (let write = 0; write < 10; write++) {
      written = (await store.put('a', `${write}`)).version
    }
    await store.merge()
    await store.close()
  } catch {
    // The power is off.
  }
  return written
}
