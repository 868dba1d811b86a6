/**
 * C8: everything that takes several steps (creation, roll, seal, hint, merge, swap of MANIFEST, image of the keydir,
 * recovery) is interrupted at every one of them, on the real disk, in a process of its own: killed, failed with EIO,
 * or held up for 2 s. Whatever was acknowledged is there afterwards (I1), nothing else (I2), nothing deleted (I5), and
 * opened once more it is the same store (I10).
 */
import assert from 'node:assert/strict'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { FileSystem } from '../../src/file-system/file-system.ts'
import { nodeFileSystem } from '../../src/file-system/node-file-system.ts'
import { SeededRandom } from '../../src/file-system/seeded-random.ts'
import { ClassReport } from '../crash/class-report.ts'
import { Model } from '../crash/model.ts'
import { ModelledStore } from '../crash/modelled-store.ts'
import { replaying, runCase } from '../crash/replay.ts'
import { randomWrite } from '../crash/workload.ts'
import { TestClock } from '../test-clock.ts'
import { type Failpoint, failpoints, type LifeStart } from './failpoint.ts'
import { type FaultKind, faultKinds, lifeOptions } from './life.ts'
import { LifeProcess } from './life-process.ts'

const seed = 8
/** Most of the time a process waits: for its start, or for the end of a pause. */
const lanes = 6

const report = new ClassReport('C8', seed)
/** By what a life begins with. */
const grounds = new Map<LifeStart, { readonly directory: string; readonly model: Model }>()
let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kv-failpoints-'))
  await prepareGrounds()
})

afterAll(async () => {
  await rm(root, { recursive: true, force: true })
})

test('C8: at whatever step it is interrupted, a store comes back whole', async () => {
  const cases = failpoints.flatMap((failpoint) => faultKinds.map((fault) => ({ failpoint, fault })))
  const missed: string[] = []
  const lane = async (): Promise<void> => {
    for (let next = cases.shift(); next !== undefined; next = cases.shift()) {
      const { failpoint, fault } = next
      const name = `C8 ${fault} ${failpoint.name}`
      const isHit = await runCase(name, () => interrupt(failpoint, fault), 'pnpm test:e2e')
      if (isHit === false) missed.push(name)
    }
  }
  const stop = (error: unknown): never => {
    cases.length = 0
    throw error
  }
  // All processes have ended before the test does.
  const ends = await Promise.allSettled(Array.from({ length: lanes }, () => lane().catch(stop)))
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  expect(missed, 'failpoints that no life came to').toEqual([])
  expect(failpoints.length).toBeGreaterThanOrEqual(25)
  const runs = failpoints.length * faultKinds.length
  report.finish(
    replaying
      ? {}
      : { cases: runs, faults: runs, kills: failpoints.length, ops: runs * 10, reads: 150 },
  )
})

/** A closed store, and what a crash has left of one: a torn tail, doubtful bytes, hints lost, files that do not count. */
async function prepareGrounds(): Promise<void> {
  grounds.set('nothing', { directory: join(root, 'nothing'), model: new Model() })
  const closed = join(root, 'closed')
  const crashed = join(root, 'crashed')
  // Time stands still, so that marks are left at rolls only.
  const options = { ...lifeOptions({}), clock: new TestClock() }
  const opened = await ModelledStore.open(nodeFileSystem, options, new Model(), 'kill', closed)
  const random = new SeededRandom(seed)
  for (let write = 0; write < 40; write++) {
    await opened.write(randomWrite(random))
    if (write === 15 || write === 25) await opened.store.merge()
  }
  await copyLive(opened, closed, crashed)
  await opened.close()
  grounds.set('closed', { directory: closed, model: opened.model })
  grounds.set('crashed', { directory: crashed, model: opened.model.frozen() })
  await ruin(crashed)
}

/** As a kill leaves it: hints and merges under way would give and take names while they are copied. */
async function copyLive(
  opened: ModelledStore<FileSystem>,
  from: string,
  to: string,
): Promise<void> {
  await opened.idle()
  for (let attempt = 1; ; attempt++) {
    try {
      return await cp(from, to, { recursive: true, filter: isNoLock })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || attempt === 100) throw error
      await rm(to, { recursive: true, force: true })
    }
  }
}

async function ruin(directory: string): Promise<void> {
  const active = (await readdir(join(directory, 'log')))
    .filter((name) => name.endsWith('.data'))
    .sort()
    .at(-1)!
  await writeFile(join(directory, 'log', active), Buffer.alloc(100, 'torn'), { flag: 'a' })
  await writeFile(join(directory, 'log', 'next'), '')
  await writeFile(join(directory, 'data', '0000000000009999.data'), '')
  for (const name of await readdir(join(directory, 'data'))) {
    if (name.endsWith('.hint')) await rm(join(directory, 'data', name))
  }
}

/** One life with one fault. False when it never came to the failpoint. */
async function interrupt(failpoint: Failpoint, fault: FaultKind): Promise<boolean> {
  const home = await mkdtemp(join(root, 'life-'))
  const directory = join(home, 'db')
  const ground = grounds.get(failpoint.start)!
  if (failpoint.start !== 'nothing') {
    await cp(ground.directory, directory, {
      recursive: true,
      filter: isNoLock,
    })
  }
  const entries = [...ground.model.state]
  const { version } = ground.model
  const life = new LifeProcess(
    {
      directory,
      failpoint: failpoint.name,
      fault,
      seed,
      entries,
      version,
    },
    join(root, 'compiled'),
  )
  const { signal, errors } = await life.end()
  const isKilled = fault === 'kill' && life.hits > 0
  assert.equal(signal, isKilled ? 'SIGKILL' : null, `how the process ended: ${errors}`)
  assert.equal(life.isOver, !isKilled, `the process came to its end: ${errors}`)
  await mkdir(directory, { recursive: true })
  await checkLeft(directory, life.model)
  report.count('cases')
  report.count('faults', life.hits)
  report.count('kills', isKilled ? 1 : 0)
  report.count('ops', life.acknowledged)
  report.count('reads', life.reads)
  await rm(home, { recursive: true })
  return life.hits === 1
}

/** The store is one that the model allows, goes on, and is the same when it is opened again. */
async function checkLeft(directory: string, model: Model): Promise<void> {
  const first = await ModelledStore.open(nodeFileSystem, lifeOptions({}), model, 'kill', directory)
  const found = first.store.appliedIndex
  await first.close()
  const second = await ModelledStore.open(
    nodeFileSystem,
    lifeOptions({}),
    first.model,
    'cut',
    directory,
  )
  assert.equal(second.store.appliedIndex, found, 'recovering twice is recovering once (I10)')
  const random = new SeededRandom(found)
  for (let write = 0; write < 5; write++)
    assert.equal(await second.write(randomWrite(random)), undefined)
  await second.store.merge()
  await second.check()
  await second.close()
  const last = await ModelledStore.open(
    nodeFileSystem,
    lifeOptions({}),
    second.model,
    'cut',
    directory,
  )
  await last.close()
}

/** A socket cannot be copied, and need not be. */
function isNoLock(path: string): boolean {
  return !path.includes('/LOCK')
}
