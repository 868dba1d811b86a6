/**
 * docs/on-disk-format.md is enough to read a store: a reader in another language, written from that page, finds in
 * the files of the real engine what the engine itself says is there. A checker beside it refuses them where they are
 * damaged.
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { type BatchOperation, type KvError, Store, type StoreOptions } from '@kv/engine'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

const programs = join(dirname(import.meta.dirname), 'independent-reader')
/** The interpreter itself, which starts faster than what may stand before it in the path. */
const python = pythonPath()
const headerBytes = 64
const footerBytes = 64
const frameHeaderBytes = 40
const hourMs = 3_600_000

interface Entry {
  readonly key: string
  readonly value: string
  readonly version: number
  readonly expiresAt?: number
}

let directory: string
let directories = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kv-reader-'))
})

afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
})

beforeEach(({ skip }) => {
  if (python !== undefined) return
  if (process.env['CI'] === 'true') throw new Error('no python3')
  skip('SKIPPED: no python3, which the independent reader needs')
})

describe('the independent reader finds what the engine has', () => {
  const shapes = [
    { segmentBytes: 256, steps: 150 },
    { segmentBytes: 16_384, steps: 600 },
    { segmentBytes: 4_194_304, steps: 600 },
  ]
  test.each(shapes)('in segments of $segmentBytes bytes', async ({ segmentBytes, steps }) => {
    const path = newPath()
    const options: StoreOptions = { segmentBytes, durability: 'never', autoMerge: false }
    const store = await Store.open(path, options)
    await store.put('range:', 'the keys from here')
    await store.put('range;', 'to here lie in a file that the later merges leave as it is')
    await store.merge()
    for (let round = 1; round <= 3; round++) {
      const random = randomFrom(segmentBytes + round)
      await write(store, steps, random)
      await store.put(`range:${round}`, 'gone again before the merge')
      await store.delete(`range:${round}`)
      // The first output keeps a key between its bounds from being forgotten.
      expect((await store.merge()).keptTombstones).toBeGreaterThan(0)
      await same(path, store)
    }
    await write(store, steps, randomFrom(segmentBytes))
    const entries = await entriesOf(store)
    expect(entries.length).toBeGreaterThan(50)
    expect(entries.some(({ key }) => key === '')).toBe(true)
    expect(entries.some(({ key }) => Buffer.from(key, 'base64').length === 65_535)).toBe(true)
    expect(entries.some(({ value }) => value === '')).toBe(true)
    expect(entries.some(({ value }) => Buffer.from(value, 'base64').length === 1_048_576)).toBe(
      true,
    )
    expect(entries.filter(({ expiresAt }) => expiresAt !== undefined).length).toBeGreaterThan(5)

    const asOpen = copyStore(path)
    await store.close()
    for (const found of [asOpen, path]) {
      expect(check(found, '--hints')).toBe('')
      expect(read(found, Date.now())).toEqual(entries)
      const later = Date.now() + 2 * hourMs
      const left = entries.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > later)
      expect(left.length).toBeLessThan(entries.length)
      expect(read(found, later)).toEqual(left)
    }
    await using again = await Store.open(asOpen, options)
    expect(await entriesOf(again)).toEqual(entries)
  })

  test('to the millisecond in which a key expires, and when its tombstone is written', async () => {
    const path = newPath()
    await using store = await Store.open(path)
    await store.put('stays', 'a')
    await store.put('goes', 'b', { ttlMs: 1 })
    const expiresAt = read(path, 0)[0]?.expiresAt
    expect(expiresAt).toBeGreaterThan(Date.now() - hourMs)
    expect(read(path, expiresAt! - 1).length).toBe(2)
    expect(read(path, expiresAt!).length).toBe(1)
    await expect.poll(() => store.stats().expiry.removed, { timeout: 60_000 }).toBe(1)
    expect(read(path, 0)).toEqual(await entriesOf(store))
  })

  test('behind a torn tail', async () => {
    const path = newPath()
    const store = await Store.open(path, { segmentBytes: 16_384, autoMerge: false })
    await write(store, 200, randomFrom(1))
    const entries = await entriesOf(store)
    const left = copyStore(path)
    await store.close()
    const segment = join(left, 'log', segmentsOf(left).at(-1)!)
    const bytes = readFileSync(segment)
    const firstFrame = bytes.subarray(
      headerBytes,
      headerBytes + bytes.readUInt32LE(headerBytes + 4),
    )
    const tails = [
      Buffer.from([1]),
      Buffer.alloc(4_096),
      Buffer.alloc(4_096, 0xff),
      // What was there once: its crc is right, but it does not continue the log.
      firstFrame,
      firstFrame.subarray(0, frameHeaderBytes),
    ]
    for (const tail of tails) {
      writeFileSync(segment, Buffer.concat([bytes, tail]))
      expect(check(left)).toBe('')
      expect(read(left, Date.now())).toEqual(entries)
    }
  })

  test('where a segment lost its footer, or half of it, and where a value ends as one', async () => {
    const path = newPath()
    const options: StoreOptions = { segmentBytes: 256, autoMerge: false }
    const store = await Store.open(path, options)
    for (let i = 0; i < 8; i++) await store.put(`k${i}`, Buffer.alloc(300, i))
    await allSealed(path, store)
    const sealed = readFileSync(join(path, 'log', segmentsOf(path)[0]!))
    const forged = sealed.subarray(-footerBytes)
    expect(forged.toString('latin1', 0, 8)).toBe('KVFOOTER')
    await store.put('forged', Buffer.concat([Buffer.alloc(300), forged]))
    // The last one, in the active segment.
    await store.put('forged too', forged)
    const entries = await entriesOf(store)
    await allSealed(path, store)
    await store.close()
    expect(read(path, 0)).toEqual(entries)

    const names = segmentsOf(path).slice(0, -1)
    expect(names.length).toBeGreaterThanOrEqual(9)
    for (const cut of [1, 30, 56, footerBytes]) {
      const left = copyStore(path)
      for (const name of names) {
        const segment = join(left, 'log', name)
        truncateSync(segment, readFileSync(segment).length - cut)
      }
      expect(check(left)).toBe('')
      expect(read(left, 0)).toEqual(entries)
      await using opened = await Store.open(left, options)
      expect(await entriesOf(opened)).toEqual(entries)
    }
  })

  test('or the checker refuses, as the engine does, wherever the log is cut', async () => {
    const path = newPath()
    const options: StoreOptions = { segmentBytes: 4_096, durability: 'never', autoMerge: false }
    const store = await Store.open(path, options)
    for (let i = 0; i < 90; i++) await store.put(`k${i % 30}`, 'v'.repeat(i * 3))
    const whole = copyStore(path)
    await store.close()
    const name = segmentsOf(whole).at(-1)!
    const { length } = readFileSync(join(whole, 'log', name))
    const cuts = [0, headerBytes - 1, ...every(Math.ceil(length / 12), headerBytes, length), length]
    const found = { whole: 0, refused: 0 }
    // A clean close has marked all of it as durable; without one, only what was before the last roll is.
    for (const source of [whole, path]) {
      for (const bytes of cuts) {
        const [left, own] = [copyStore(source), copyStore(source)]
        for (const copy of [left, own]) truncateSync(join(copy, 'log', name), bytes)
        const opened = await Store.open(own, options).catch((error: KvError) => error.code)
        const what = `cut to ${bytes} bytes`
        if (opened instanceof Store) {
          const entries = await entriesOf(opened)
          await opened.close()
          expect(check(left), what).toBe('')
          expect(read(left, 0), what).toEqual(entries)
          found.whole++
        } else {
          expect(opened).toBe('KV_CORRUPT_STORE')
          refuses(left, what)
          found.refused++
        }
      }
    }
    expect(found.whole).toBeGreaterThanOrEqual(10)
    expect(found.refused).toBeGreaterThanOrEqual(10)
  })
})

describe('the checker refuses', () => {
  let path: string
  let entries: Entry[]
  let output: string
  let sealed: string
  let active: string

  beforeAll(async () => {
    path = newPath()
    const store = await Store.open(path, { segmentBytes: 8_192, autoMerge: false })
    for (let i = 0; i < 60; i++) await store.put(`merged:${i}`, 'm'.repeat(100))
    await store.merge()
    for (let i = 0; i < 150; i++) await store.put(`logged:${i}`, 'l'.repeat(100), { ttlMs: hourMs })
    entries = await entriesOf(store)
    await allSealed(path, store)
    await store.close()
    const segments = segmentsOf(path)
    expect(segments.length).toBeGreaterThanOrEqual(3)
    sealed = join('log', segments[0]!)
    active = join('log', segments.at(-1)!)
    output = join('data', dataFiles(path, 'data')[0]!)
  })

  test('a byte that is not what was written', () => {
    const frame = frameHeaderBytes + headerBytes
    const places: [file: string, offsets: readonly number[]][] = [
      // Segment header, frame header, and the record in the frame.
      [
        sealed,
        [
          ...every(7, 0, headerBytes),
          ...every(3, headerBytes, frame),
          ...every(9, frame, frame + 60),
        ],
      ],
      [sealed, every(7, -footerBytes, 0)],
      [
        active,
        [...every(13, 0, headerBytes), ...every(13, headerBytes, frame), ...every(60, -300, 0)],
      ],
      [
        output,
        [
          ...every(13, 0, headerBytes),
          ...every(13, headerBytes, 200),
          ...every(7, -footerBytes, 0),
        ],
      ],
      ['MANIFEST', [...every(2, 0, 8), ...every(90, 8, 300)]],
      ['NODE', every(40, 0, 170)],
    ]
    let flipped = 0
    for (const [file, offsets] of places) {
      const bytes = readFileSync(join(path, file))
      for (const offset of offsets) {
        const damaged = Buffer.from(bytes)
        damaged[(offset + bytes.length) % bytes.length]! ^= 0x95
        writeFileSync(join(path, file), damaged)
        refuses(path, `${file} with another byte ${offset}`)
        expect(readFileSync(join(path, file)).equals(damaged)).toBe(true)
        flipped++
      }
      writeFileSync(join(path, file), bytes)
    }
    expect(flipped).toBeGreaterThanOrEqual(70)
    expect(check(path, '--hints')).toBe('')
    expect(read(path, Date.now())).toEqual(entries)
  })

  test('and the reader too, where a record that counts is not what was written', () => {
    for (const file of [sealed, output]) {
      const bytes = readFileSync(join(path, file))
      const damaged = Buffer.from(bytes)
      damaged[headerBytes + frameHeaderBytes + 70]! ^= 0x95
      writeFileSync(join(path, file), damaged)
      const { status, stdout, stderr } = run('read_store.py', path, '--now', '0')
      expect({ status, stdout }, file).toEqual({ status: 1, stdout: '' })
      expect(stderr, file).toMatch(/^read_store: [^\n]+; nothing was changed; [^\n]+\n$/)
      writeFileSync(join(path, file), bytes)
    }
  })

  test('a file that is missing or cut, or that is another one', () => {
    const files = ['NODE', 'MANIFEST', 'marks', sealed, active, output]
    for (const file of files) {
      const copy = copyStore(path, (name) => name !== basename(file) || file === 'marks')
      if (file === 'marks') writeFileSync(join(copy, file), Buffer.alloc(65_536))
      refuses(copy, `without ${file}`)
      const short = copyStore(path)
      truncateSync(
        join(short, file),
        file === 'marks' ? 0 : readFileSync(join(short, file)).length - 65,
      )
      refuses(short, `with a cut ${file}`)
    }
    const swapped = copyStore(path)
    copyFileSync(join(path, sealed), join(swapped, active))
    refuses(swapped, 'with a segment in place of another')
  })

  test('a hint, where it is asked to look at hints', () => {
    const hints = [sealed, output].map((file) => file.replace(/data$/, 'hint'))
    for (const hint of hints) {
      const bytes = readFileSync(join(path, hint))
      for (const offset of [0, 8, 12, 16, 24, 28, 40, bytes.length - 1]) {
        const damaged = Buffer.from(bytes)
        damaged[offset]! ^= 0x95
        writeFileSync(join(path, hint), damaged)
        refuses(path, `${hint} with another byte ${offset}`, '--hints')
      }
      expect(check(path)).toBe('')
      expect(read(path, Date.now())).toEqual(entries)
      writeFileSync(join(path, hint), bytes)
    }
  })
})

/** Puts, deletes and batches of keys and values of every kind, some of them gone after an hour or a day. */
async function write(store: Store, steps: number, random: () => number): Promise<void> {
  const below = (limit: number): number => Math.floor(random() * limit)
  const keys = [Buffer.alloc(0), Buffer.alloc(65_535, 0x61), Buffer.from([0xff, 0xff, 0])]
  for (let i = 0; i < 40; i++)
    keys.push(Buffer.from(`common/prefix/${i}`), Buffer.from([i, 0, 255 - i]))
  const key = (): Buffer => keys[below(keys.length)]!
  const value = (): Buffer => Buffer.alloc(below(20) === 0 ? 0 : below(400), below(256))
  const time = (): { ttlMs?: number } =>
    below(4) === 0 ? { ttlMs: hourMs * (below(2) * 23 + 1) } : {}
  for (let step = 0; step < steps; step++) {
    const what = below(10)
    if (what < 6) await store.put(key(), value(), time())
    else if (what < 8) await store.delete(key())
    else {
      const operations: BatchOperation[] = []
      for (let i = 0; i <= below(30); i++) {
        if (below(3) === 0) operations.push({ type: 'delete', key: key() })
        else operations.push({ type: 'put', key: key(), value: value(), ...time() })
      }
      await store.batch(operations)
    }
  }
  await store.put('', Buffer.alloc(1_048_576, below(256)))
  await store.put(keys[1]!, '', { ttlMs: 24 * hourMs })
  // At once, so that frames hold several records that are no batch.
  await Promise.all(keys.slice(3, 30).map((key, i) => store.put(key, `${i}`, time())))
}

async function same(path: string, store: Store): Promise<void> {
  expect(read(path, Date.now())).toEqual(await entriesOf(store))
}

/** Segments get their footers and hints in the background; a close does not wait for them. */
async function allSealed(path: string, store: Store): Promise<void> {
  const isDone = (): boolean => {
    const closed = segmentsOf(path).slice(0, -1)
    const hints = new Set(readdirSync(join(path, 'log')))
    return (
      store.stats().files.unsealedSegments === 0 &&
      closed.every((name) => hints.has(name.replace(/data$/, 'hint')))
    )
  }
  await vi.waitFor(() => expect(isDone()).toBe(true), { timeout: 60_000 })
}

async function entriesOf(store: Store): Promise<Entry[]> {
  return (await store.range().all()).map(({ key, value, ...rest }) => ({
    key: key.toString('base64'),
    value: value.toString('base64'),
    ...rest,
  }))
}

function pythonPath(): string | undefined {
  const probe = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], {
    encoding: 'utf8',
  })
  return probe.status === 0 ? probe.stdout.trim() : undefined
}

function run(program: string, ...args: string[]) {
  const options = { encoding: 'utf8', maxBuffer: 2 ** 28 } as const
  return spawnSync(python!, ['-B', '-E', '-s', '-S', join(programs, program), ...args], options)
}

function read(path: string, now: number): Entry[] {
  const { status, stdout, stderr } = run('read_store.py', path, '--now', `${now}`)
  expect(stderr).toBe('')
  expect(status).toBe(0)
  return parsed(stdout)
}

/** Nothing when the checker finds all as it should be. */
function check(path: string, ...flags: string[]): string {
  const { status, stdout, stderr } = run('check_store.py', path, ...flags)
  expect(stdout).toBe('')
  expect(status).toBe(stderr === '' ? 0 : 1)
  return stderr
}

function refuses(path: string, what: string, ...flags: string[]): void {
  expect(check(path, ...flags), what).toMatch(
    /^check_store: [^\n]+; nothing was changed; [^\n]+\n$/,
  )
}

function parsed(lines: string): Entry[] {
  return lines
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry)
}

function newPath(): string {
  return join(directory, `${++directories}`)
}

/** The files as a kill would leave them: without what is being written, and without the sockets. */
function copyStore(path: string, isTaken: (name: string) => boolean = () => true): string {
  const copy = newPath()
  for (const folder of ['', 'data', 'log']) {
    mkdirSync(join(copy, folder), { recursive: true })
    for (const entry of readdirSync(join(path, folder), { withFileTypes: true })) {
      if (!entry.isFile() || entry.name.endsWith('.tmp') || !isTaken(entry.name)) continue
      copyFileSync(join(path, folder, entry.name), join(copy, folder, entry.name))
    }
  }
  return copy
}

function dataFiles(path: string, folder: string): string[] {
  return readdirSync(join(path, folder))
    .filter((name) => name.endsWith('.data'))
    .sort()
}

function segmentsOf(path: string): string[] {
  return dataFiles(path, 'log')
}

function every(step: number, from: number, to: number): number[] {
  const numbers: number[] = []
  for (let n = from; n < to; n += step) numbers.push(n)
  return numbers
}

/** Mulberry32: the same numbers from the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
