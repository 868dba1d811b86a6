/** Ways in which stores of this kind have lost data or refused to start, each as one small case. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import type { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { frameHeaderBytes } from '../../src/frame.ts'
import { recordHeaderBytes } from '../../src/record.ts'
import { segmentHeaderBytes } from '../../src/segment.ts'
import { removeIfThere } from '../../src/small-file.ts'
import { Store } from '../../src/store.ts'
import { sameBytes } from '../damage.ts'
import { TestClock } from '../test-clock.ts'
import { closedFixture, directory, fixtureOptions, killedFixture } from './store-fixture.ts'

const closed = await closedFixture(9)
const killed = await killedFixture(9)
const wholeState = [...closed.history.stateAt(closed.history.version)]
const sealedFiles = [...closed.files.keys()].filter(
  (path) => path.endsWith('.data') && path !== closed.active,
)
const corruptStore = { name: 'KvError', code: 'KV_CORRUPT_STORE' }

test('without a hint, no record is loaded whose checksum is wrong', async () => {
  for (const path of sealedFiles) {
    const firstRecord = segmentHeaderBytes + (path.includes('/log/') ? frameHeaderBytes : 0)
    const disk = closed.disk.clone()
    await removeIfThere(disk, path.replace('.data', '.hint'))
    disk.poke(path, flipped(closed.files.get(path)!, firstRecord + recordHeaderBytes))
    await expect(open(disk), path).rejects.toMatchObject(corruptStore)
  }
})

test('a truncated hint falls back to the data file', async () => {
  for (const [path, bytes] of closed.files) {
    if (!path.endsWith('.hint')) continue
    const disk = closed.disk.clone()
    disk.poke(path, bytes.subarray(0, -1))
    await using store = await open(disk)
    expect(await contentOf(store), path).toEqual(wholeState)
  }
})

test('without any hint, keys expire as before', async () => {
  const disk = closed.disk.clone()
  const clock = new TestClock()
  const options = fixtureOptions(disk, clock)
  {
    await using store = await Store.open(directory, options)
    // In a merge output, in a sealed segment and in the active one.
    await store.put('brief', 'merged', { ttlMs: 1_000 })
    await store.merge()
    await store.put('also brief', 'sealed', { ttlMs: 2_000 })
    const { logSegments } = store.stats().files
    while (store.stats().files.logSegments === logSegments) await store.put('key', 'value')
    await store.put('brief too', 'active', { ttlMs: 3_000 })
  }
  for (const path of disk.files().keys()) {
    if (path.endsWith('.hint') || path.endsWith('.image')) await disk.unlink(path)
  }
  const brief = ['brief', 'also brief', 'brief too']
  await using store = await Store.open(directory, options)
  for (const expired of [0, 1, 2, 3]) {
    const found = await store.getMany(brief)
    expect(found.map((value) => value === undefined)).toEqual(brief.map((_, at) => at < expired))
    clock.advance(1_000)
  }
})

test('a clock that is set back makes no newer write lose', async () => {
  const disk = closed.disk.clone()
  const year = 365 * 24 * 3_600_000
  const start = 1_700_000_000_000
  // Each write comes a year before the last one, as its clock says.
  for (let life = 0; life < 3; life++) {
    const clock = new TestClock(start - life * year)
    await using store = await Store.open(directory, fixtureOptions(disk, clock))
    await store.put('put', `${life}`)
    await store.put('deleted', 'value')
    clock.advance(-year)
    await store.put('put', `${life} again`)
    await store.delete('deleted')
    await store.merge()
  }
  for (const path of disk.files().keys()) {
    if (path.endsWith('.hint') || path.endsWith('.image')) await disk.unlink(path)
  }
  await using store = await open(disk)
  expect((await store.get('put'))?.value.toString()).toBe('2 again')
  expect(await store.get('deleted')).toBeUndefined()
})

test('an empty newest segment does not take the versions back', async () => {
  const disk = closed.disk.clone()
  await using store = await open(disk)
  const { logSegments } = store.stats().files
  let version = 0
  while (store.stats().files.logSegments === logSegments) {
    version = (await store.put('key', 'value')).version
  }
  const rolled = disk.clone()
  const [newest, bytes] = segmentsOf(rolled).at(-1)!
  rolled.poke(newest, bytes.subarray(0, segmentHeaderBytes))
  await using reopened = await open(rolled)
  expect(reopened.appliedIndex).toBe(version - 1)
  expect((await reopened.put('key', 'value')).version).toBe(version)

  rolled.poke(newest, new Uint8Array(0))
  await expect(open(rolled.clone())).rejects.toMatchObject(corruptStore)
})

test('an empty or garbage lock file is no obstacle', async () => {
  const root = await mkdtemp(`${tmpdir()}/kv-lock-`)
  try {
    for (const content of ['', 'garbage', '4711']) {
      await writeFile(`${root}/LOCK`, content)
      await using store = await Store.open(root)
      await store.put('key', content)
    }
    await writeFile(`${root}/LOCK.9`, 'garbage')
    await using store = await Store.open(root)
    expect((await store.get('key'))?.value.toString()).toBe('4711')
  } finally {
    await rm(root, { recursive: true })
  }
})

test('a refusal gives back every descriptor, whichever file is damaged', async () => {
  let refusals = 0
  for (const [path, bytes] of killed.files) {
    for (const damaged of [new Uint8Array(0), bytes.slice().fill(0), bytes.subarray(0, 70)]) {
      const disk = killed.disk.clone()
      disk.poke(path, damaged)
      const store = await open(disk).catch(() => undefined)
      if (store === undefined) refusals++
      await store?.close()
      expect(disk.openFiles, path).toBe(0)
    }
  }
  expect(refusals).toBeGreaterThan(20)
})

test('a cut final record does not keep the store from opening', async () => {
  const disk = killed.disk.clone()
  const whole = framesOf(killed.files.get(killed.active)!)
  disk.poke(killed.active, whole.subarray(0, -1))
  await using store = await open(disk)
  const lastFrame = frameStarts(whole).at(-1)!
  expect(store.stats().recovery.cutBytes).toBe(whole.length - 1 - lastFrame)
  expect(await contentOf(store)).toEqual([...killed.history.stateAt(store.appliedIndex)])
  const lost = [...disk.files()].find(([path]) => path.includes('/lost/'))!
  expect(sameBytes(lost[1], whole.subarray(lastFrame, -1))).toBe(true)
})

test('one bad byte in mid-file does not throw away what follows', async () => {
  const disk = closed.disk.clone()
  const whole = closed.files.get(closed.active)!
  disk.poke(closed.active, flipped(whole, segmentHeaderBytes + frameHeaderBytes))
  await expect(open(disk)).rejects.toMatchObject(corruptStore)
  expect(disk.files().get(closed.active)).toHaveLength(whole.length)
  disk.poke(closed.active, whole)
  await using store = await open(disk)
  expect(await contentOf(store)).toEqual(wholeState)
})

test('recovery does not read past a hole in the log', async () => {
  const disk = killed.disk.clone()
  const whole = killed.files.get(killed.active)!
  const [hole, end] = frameStarts(whole).filter((start) => start >= killed.mark.offset)
  disk.poke(killed.active, whole.slice().fill(0, hole, end))
  await using store = await open(disk)
  expect(store.appliedIndex).toBe(killed.mark.index)
  expect(await contentOf(store)).toEqual([...killed.history.stateAt(killed.mark.index)])
})

test('recovery does not take in stale frames behind the end of the log', async () => {
  for (const [, stale] of segmentsOf(closed.disk)) {
    const disk = closed.disk.clone()
    disk.poke(
      closed.active,
      Buffer.concat([closed.files.get(closed.active)!, stale.subarray(segmentHeaderBytes)]),
    )
    await using store = await open(disk)
    expect(store.stats().recovery.cutBytes).toBe(stale.length - segmentHeaderBytes)
    expect(await contentOf(store)).toEqual(wholeState)
  }
})

test('a corrupt record at the tail is not taken for the end of the log', async () => {
  const whole = closed.files.get(closed.active)!
  for (let at = frameStarts(whole).at(-1)!; at < whole.length; at++) {
    const disk = closed.disk.clone()
    disk.poke(closed.active, flipped(whole, at))
    await expect(open(disk), `byte ${at}`).rejects.toMatchObject(corruptStore)
  }
})

function open(disk: SimFileSystem): Promise<Store> {
  return Store.open(directory, fixtureOptions(disk))
}

async function contentOf(store: Store): Promise<[string, string][]> {
  const content: [string, string][] = []
  for await (const { key, value } of store.range()) content.push([key.toString(), value.toString()])
  return content
}

function segmentsOf(disk: SimFileSystem): [path: string, bytes: Uint8Array][] {
  return [...disk.files()]
    .filter(([path]) => path.includes('/log/') && path.endsWith('.data'))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

/** Where the frames of an active segment start, and behind them its end. */
function frameBorders(segment: Uint8Array): number[] {
  const view = new DataView(segment.buffer, segment.byteOffset, segment.length)
  const borders = [segmentHeaderBytes]
  for (let at = segmentHeaderBytes; at < segment.length; ) {
    const length = view.getUint32(at + 4, true)
    // Prepared space.
    if (length === 0) break
    at += length
    borders.push(at)
  }
  return borders
}

function frameStarts(segment: Uint8Array): number[] {
  return frameBorders(segment).slice(0, -1)
}

/** A segment without the space prepared behind its frames. */
function framesOf(segment: Uint8Array): Uint8Array {
  return segment.subarray(0, frameBorders(segment).at(-1))
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, bytes[at]! ^ 1)
}
