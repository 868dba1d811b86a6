/**
 * C5, opened for reading only: whatever is wrong with a store, no byte of it is changed and no name; and it is the
 * very store that an open for writing makes of it, or refused as that one refuses it.
 */
import assert from 'node:assert/strict'
import { describe, expect, test } from 'vitest'
import { KvError } from '../../src/errors.ts'
import type { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { Store } from '../../src/store.ts'
import { damages, sameBytes } from '../damage.ts'
import { ClassReport } from './class-report.ts'
import {
  closedFixture,
  directory,
  fixtureOptions,
  imagedFixture,
  killedFixture,
  type StoreFixture,
} from './store-fixture.ts'

const seed = 9
const report = new ClassReport('C5-read-only', seed)
const fixtures = [await closedFixture(seed), await killedFixture(seed), await imagedFixture(seed)]
/** One case in so many, of a large file far fewer: all of them have been opened for writing in C5. */
const stride = 101
const strideOfLarge = 5_003
const largeBytes = 8 * 1024

const reading = new Set(['open', 'read', 'readdir'])

describe.each(fixtures)('C5: a $name store, for reading only', (fixture) => {
  test('as it is', async () => {
    expect(await checkReading(fixture, fixture.disk.clone())).toBe(fixture.history.version)
  })

  test('a file is gone', async () => {
    for (const path of fixture.files.keys()) {
      const disk = fixture.disk.clone()
      await disk.unlink(path)
      await checkReading(fixture, disk)
    }
  })

  test.each([...fixture.files.keys()])('damage inside %s', async (path) => {
    const whole = fixture.files.get(path)!
    const every = whole.length > largeBytes ? strideOfLarge : stride
    let turn = 0
    for (const [, damage] of damages) {
      for (const bytes of damage(whole)) {
        if (++turn % every !== 0 || sameBytes(bytes, whole)) continue
        const disk = fixture.disk.clone()
        disk.poke(path, bytes)
        await checkReading(fixture, disk)
      }
    }
  })
})

test('C5: enough was opened for reading', () => {
  report.finish({ cases: 2_000, opened: 1_200, refused: 700, torn: 20 })
})

/** Returns the version it is as of, or undefined when it is refused. */
async function checkReading(
  { history }: StoreFixture,
  disk: SimFileSystem,
): Promise<number | undefined> {
  report.count('cases')
  const forWriting = await attempt(disk.clone(), false)
  const before = disk.files()
  const operations = disk.record()
  const found = await attempt(disk, true)
  const after = disk.files()
  assert.deepEqual([...after.keys()].sort(), [...before.keys()].sort(), 'names')
  for (const [path, bytes] of before) assert(sameBytes(bytes, after.get(path)!), `${path} changed`)
  const changes = operations.filter(({ kind }) => !reading.has(kind))
  assert.deepEqual(changes, [], 'what reached the disk')
  assert.equal(disk.openFiles, 0, 'open files')
  if (typeof found === 'string' || typeof forWriting === 'string') {
    // Without NODE there is nothing to read, and a store is made only for writing.
    const isMade = found === 'KV_BAD_REQUEST' && typeof forWriting !== 'string'
    if (!isMade) assert.deepEqual(found, forWriting, 'refusals')
    report.count('refused')
    return undefined
  }
  const { version, content, cutBytes } = found
  assert.equal(cutBytes, 0, 'nothing is cut')
  assert.equal(version, forWriting.version, 'version')
  assert.deepEqual(content, forWriting.content, 'content')
  if (!content.includes('KV_CORRUPT_RECORD')) {
    const expected = [...history.stateAt(version)].map(([key, value]) => `${key}=${value}`)
    assert.deepEqual(content, expected, 'history')
  }
  report.count('opened')
  if (forWriting.cutBytes > 0) report.count('torn')
  return version
}

interface Found {
  readonly version: number
  readonly content: readonly string[]
  readonly cutBytes: number
}

/** What a store holds, or the code of its refusal. */
async function attempt(disk: SimFileSystem, readOnly: boolean): Promise<Found | string> {
  let store: Store
  try {
    store = await Store.open(directory, { ...fixtureOptions(disk), readOnly })
  } catch (error) {
    if (!(error instanceof KvError)) throw error
    return error.code
  }
  try {
    const content = await contentOf(store)
    const { cutBytes } = store.stats().recovery
    return { version: store.appliedIndex, content, cutBytes }
  } finally {
    await store.close()
  }
}

async function contentOf(store: Store): Promise<string[]> {
  const content: string[] = []
  for await (const { key } of store.range({ keysOnly: true })) {
    try {
      content.push(`${key.toString()}=${(await store.get(key))?.value.toString()}`)
    } catch (error) {
      if (!(error instanceof KvError) || error.code !== 'KV_CORRUPT_RECORD') throw error
      content.push(error.code)
    }
  }
  return content
}
