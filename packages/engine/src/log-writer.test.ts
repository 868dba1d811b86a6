import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { operation } from '../test/log-bytes.ts'
import { TestClock } from '../test/test-clock.ts'
import { DataFile } from './data-file.ts'
import type { WritableFile } from './file-system/file-system.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { logOrigin } from './frame.ts'
import { Group, type Run } from './group.ts'
import { LogWriter } from './log-writer.ts'
import { MarksWriter } from './marks-writer.ts'
import { segmentHeaderBytes } from './segment.ts'
import { Store } from './store.ts'

test.each(['half', 'all'] as const)(
  'a write that ran out of space with %s of it done is not brought back by a power cut',
  async (reached) => {
    const disk = new SimFileSystem()
    const store = await Store.open('/db', { fileSystem: disk })
    await store.put('a', '1')
    disk.failAt({ at: ({ kind }) => kind === 'write', code: 'ENOSPC', reached })
    await expect(store.put('b', '2')).rejects.toMatchObject({ code: 'KV_DISK_FULL' })
    for (let seed = 0; seed < 32; seed++) {
      const left = disk.crash({ data: 'subset', names: 'kept', seed })
      await using after = await Store.open('/db', { fileSystem: left })
      expect([after.appliedIndex, await after.get('b')]).toEqual([1, undefined])
    }
    expect((await store.put('c', '3')).version).toBe(2)
    await store.close()
  },
)

test.each([
  ['rename', 'ENOSPC', 'KV_DISK_FULL'],
  ['syncDirectory', 'EMFILE', 'KV_TRY_LATER'],
] as const)('a roll that fails at %s with %s is made later', async (kind, code, expected) => {
  const disk = new SimFileSystem()
  const options = { fileSystem: disk, segmentBytes: 256 }
  const store = await Store.open('/db', options)
  await store.put('a', 'x'.repeat(300))
  disk.failAt({ at: (operation) => operation.kind === kind, code })
  const refused = await store.put('b', '1').catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: expected, outcome: 'not-applied' })
  const killed = disk.clone()
  await store.put('b', '2')
  await store.close()
  for (const [left, value] of [
    [disk, '2'],
    [disk.crash({ data: 'none', names: 'dropped' }), '2'],
    [killed, undefined],
  ] as const) {
    await using again = await Store.open('/db', { ...options, fileSystem: left })
    expect((await again.get('b'))?.value.toString()).toBe(value)
  }
})

test('no two syncs of the log are under way at once', async () => {
  const disk = new SimFileSystem()
  const handle = await disk.createFile('/segment')
  const syncs = slowSyncs(handle)
  const clock = new TestClock()
  const marks = new MarksWriter(await disk.createFile('/marks'), 1, clock, () => undefined)
  const file = DataFile.log(logOrigin, 'active', segmentHeaderBytes)
  const options = { segmentBytes: 10_000, syncAlways: true }
  const log = new LogWriter(disk, '/', options, clock, marks, { file, handle }, logOrigin)
  await log.write(runBehind(log))
  const first = log.sync()
  await log.write(runBehind(log))
  await Promise.all([first, log.sync(), log.sync()])
  expect(log.isSynced).toBe(true)
  expect(syncs).toEqual({ all: 2, underWay: 0, underWayMost: 1 })
})

/** Makes the syncs of a file take a turn of the event loop, and counts them. */
function slowSyncs(handle: WritableFile): { all: number; underWay: number; underWayMost: number } {
  const syncs = { all: 0, underWay: 0, underWayMost: 0 }
  const sync = handle.sync.bind(handle)
  handle.sync = async () => {
    syncs.all++
    syncs.underWay++
    syncs.underWayMost = Math.max(syncs.underWayMost, syncs.underWay)
    await setImmediate()
    await sync()
    syncs.underWay--
  }
  return syncs
}

function runBehind(log: LogWriter): Run {
  const group = new Group(log.position)
  const nobody = { wantsSync: false, committed: () => undefined, failed: () => undefined }
  group.add([operation('a', '1')], 0, nobody)
  group.closeFrame()
  return group.takeRun(Number.POSITIVE_INFINITY)!
}
