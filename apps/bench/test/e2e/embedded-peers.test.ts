/** Libraries that kv is compared with, and what the bench asks of the machine: that each does what a driver relies on. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Driver } from '../../src/driver/driver.ts'
import { describeMachine } from '../../src/machine.ts'
import { createMemoryCgroup, memoryCgroupAvailable } from '../../src/memory-cgroup.ts'
import { dropDirectoryFromPageCache } from '../../src/page-cache.ts'
import { echoLatency, randomReads, sequentialWrite, syncLatency } from '../../src/raw-limits.ts'
import type { Durability, Entry, OpenSession, Session } from '../../src/sessions/session.ts'
import { classicLevel } from '../../src/subjects/classic-level.ts'
import { lmdb } from '../../src/subjects/lmdb.ts'
import { sqlite } from '../../src/subjects/sqlite.ts'
import type { Subject } from '../../src/subjects/subject.ts'

const mebi = 2 ** 20
const isCi = process.env['CI'] === 'true'
/** Around what the libraries treat as small, one page, and large. */
const valueBytes = [1, 100, 200, 5_000, 70_000]

/** In the order of their keys. */
const single = entriesFrom(0, 500)
const batched = entriesFrom(500, 100)
const concurrent = entriesFrom(600, 200)

let directory: string
const children: ChildProcess[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kv-embedded-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(directory, { recursive: true, force: true })
})

const modes = [lmdb, classicLevel, sqlite].flatMap((subject) =>
  (['always', 'interval', 'none'] as const).map((durability) => ({ subject, durability })),
)

test.for(modes)(
  '$subject.title, $durability: does what a driver asks, and keeps it',
  async ({ subject, durability }) => {
    const session = await openSession(subject, durability)
    for (const { key, value } of single) await session.put(key, value)
    await expectFound(session, single)
    expect(await session.get('user000999999999')).toBeUndefined()

    const [gone, ...kept] = single
    await session.delete(gone!.key)
    await session.delete('user000999999999')
    expect(await session.get(gone!.key)).toBeUndefined()

    // Overwritten by values of another length.
    const overwritten = kept.slice(0, 50).map(({ key }, at) => ({ key, value: single[at]!.value }))
    for (const { key, value } of overwritten) await session.put(key, value)
    await session.batch!(batched)
    await Promise.all(concurrent.map(({ key, value }) => session.put(key, value)))
    const all = [...overwritten, ...kept.slice(50), ...batched, ...concurrent]
    await expectContent(session, all)
    await session.merge?.()
    await expectContent(session, all)
    await session.close()

    const again = await openSession(subject, durability)
    await expectContent(again, all)
    expect(await again.get(gone!.key)).toBeUndefined()
    await again.close()
  },
)

test.for(modes)('$subject.title, $durability: says how it is set up', async (mode) => {
  const { subject, durability } = mode
  const found = await subject.find()
  expect(Object.values(found.found ? found.versions : {}).join(' ')).toMatch(/\d+\.\d+/)
  const { acknowledges, options } = subject.setup(durability)!
  expect(acknowledges).toMatch(/^when /)
  expect(acknowledges === 'when on the disk').toBe(durability === 'always')
  expect(options.length).toBeGreaterThan(0)
})

test('the limits of the machine are sane', async () => {
  // Long enough for the least of them, though the thread is off its core for half of it.
  const times = { durationMs: 1_000 }
  for (const space of ['growing', 'prepared'] as const) {
    const syncs: number[] = []
    await syncLatency(join(directory, space), space, times, (ms) => syncs.push(ms))
    expectLatencies(syncs)
  }
  const echoes: number[] = []
  await echoLatency(times, (ms) => echoes.push(ms))
  expectLatencies(echoes)
  expect(echoes.length).toBeGreaterThan(100)

  const file = join(directory, 'sequential')
  expect(await sequentialWrite(file, 32 * mebi)).toBeGreaterThan(mebi)
  const reads: number[] = []
  const options = { bytes: 4_096, depth: 8, measureMs: 1_000 }
  const readsPerSecond = await randomReads([file], options, (ms) => reads.push(ms))
  expectLatencies(reads)
  // The last reads of the lanes end after the time.
  expect(readsPerSecond).toBeGreaterThan(100)
  expect(readsPerSecond).toBeLessThanOrEqual(reads.length)
})

test('a file that was dropped from the page cache is read from the disk', async ({ skip }) => {
  const { fileSystem } = await describeMachine(directory)
  const reason =
    process.platform !== 'linux'
      ? 'needs Linux and GNU dd'
      : fileSystem === 'tmpfs' && `${directory} has no disk under it`
  if (reason) {
    notTested('dropping from the page cache', reason, skip)
    return
  }
  await mkdir(join(directory, 'inner'))
  const file = join(directory, 'inner/file')
  // Dirty, for the drop has to sync it first.
  await writeFile(file, Buffer.alloc(16 * mebi, 1))
  const readOnce = async (): Promise<number> => {
    const before = await diskReadBytes()
    await readFile(file)
    return (await diskReadBytes()) - before
  }
  expect(await readOnce(), 'from the cache').toBeLessThan(mebi)
  await dropDirectoryFromPageCache(directory)
  expect(await readOnce(), 'after the drop').toBeGreaterThanOrEqual(16 * mebi)
  expect(await readOnce(), 'from the cache again').toBeLessThan(mebi)
})

test('a process in a memory cgroup cannot take more than its limit', async ({ skip }) => {
  const availability = memoryCgroupAvailable()
  if (!availability.available) {
    notTested('the memory cgroup', availability.reason, skip)
    return
  }
  const limit = 128 * mebi
  const cgroup = await createMemoryCgroup(limit)
  const modest = takesMemory(8)
  const greedy = takesMemory(512)
  for (const child of [modest, greedy]) await writeFile(cgroup.processesFile, `${child.pid}`)
  // One after the other: who is killed when they take too much together is not for a test to know.
  const [took, none] = [await tookBytes(modest), await tookBytes(greedy)]
  expect(took).toBeGreaterThanOrEqual(8 * mebi)
  // Killed; where there is swap, or a container's own rules, kept within its limit.
  if (none === undefined) expect(greedy.signalCode).toBe('SIGKILL')
  else expect(none).toBeLessThanOrEqual(limit)

  const driver = Driver.start({}, cgroup)
  await driver.do('memory')
  expect(await readFile(cgroup.processesFile, 'utf8')).toMatch(/^\d+\n$/)
  await driver.kill()

  await cgroup.remove()
  const folder = availability.version === 1 ? 'memory/kv-bench-' : 'kv-bench-'
  expect(existsSync(`/sys/fs/cgroup/${folder}${process.pid}`)).toBe(false)
})

async function openSession({ session }: Subject, durability: Durability): Promise<Session> {
  const file = `../../src/sessions/${session}.ts`
  const { open } = (await import(file)) as { open: OpenSession }
  return open({ directory, durability })
}

function entriesFrom(first: number, count: number): Entry[] {
  return Array.from({ length: count }, (_, at) => {
    const index = first + at
    const text = String(index % 10).repeat(valueBytes[index % valueBytes.length]!)
    return { key: `user${100_000_000_000 + index}`, value: { text, bytes: Buffer.from(text) } }
  })
}

async function expectFound(session: Session, entries: readonly Entry[]): Promise<void> {
  for (const { key, value } of entries) {
    const found = await session.get(key)
    expect(found !== undefined && value.bytes.equals(Buffer.from(found)), key).toBe(true)
  }
}

/** Exactly `entries`, by gets and by ranges. */
async function expectContent(session: Session, entries: readonly Entry[]): Promise<void> {
  await expectFound(session, entries)
  const backward = entries.toReversed()
  await expectRange(session, 'user', 10_000, false, entries)
  await expectRange(session, 'user:', 10_000, true, backward)
  for (const at of [0, 9, 300, entries.length - 10, entries.length - 1]) {
    await expectRange(session, entries[at]!.key, 50, false, entries.slice(at, at + 50))
    await expectRange(session, backward[at]!.key, 50, true, backward.slice(at, at + 50))
    // Between this key and the next.
    const between = `${entries[at]!.key}+`
    await expectRange(session, between, 3, false, entries.slice(at + 1, at + 4))
    await expectRange(
      session,
      between,
      3,
      true,
      backward.slice(entries.length - 1 - at).slice(0, 3),
    )
  }
}

async function expectRange(
  session: Session,
  from: string,
  limit: number,
  reverse: boolean,
  wanted: readonly Entry[],
): Promise<void> {
  expect(await session.range!(from, limit, reverse), `${from}, ${limit}, ${reverse}`).toEqual({
    count: wanted.length,
    first: wanted[0]?.key ?? '',
    last: wanted.at(-1)?.key ?? '',
    valueBytes: wanted.reduce((sum, { value }) => sum + value.bytes.length, 0),
  })
}

function expectLatencies(latencies: readonly number[]): void {
  expect(latencies.length).toBeGreaterThan(0)
  expect(latencies.find((ms) => !(ms > 0))).toBeUndefined()
}

/** What this process had to read from a disk, whatever the cache gave it: proc(5). */
async function diskReadBytes(): Promise<number> {
  const text = await readFile('/proc/self/io', 'utf8')
  return Number(/^read_bytes: (\d+)$/m.exec(text)![1])
}

/** Waits for a word, takes and touches so many MiB, and says how much memory it then has. */
function takesMemory(count: number): ChildProcess {
  const script = `process.stdin.once('data', () => {
    const taken = Array.from({ length: ${count} }, () => Buffer.alloc(${mebi}, 1))
    const [, kib] = /^VmRSS:\\s+(\\d+) kB$/m.exec(require('node:fs').readFileSync('/proc/self/status', 'utf8'))
    console.log(kib * 1024, taken.length)
    process.exit()
  })`
  const child = spawn(process.execPath, ['-e', script], { stdio: ['pipe', 'pipe', 'inherit'] })
  children.push(child)
  return child
}

/** Undefined when it ended without a word. */
async function tookBytes(child: ChildProcess): Promise<number | undefined> {
  const exit = once(child, 'exit')
  const lines: string[] = []
  createInterface({ input: child.stdout! }).on('line', (line) => lines.push(line))
  const closed = once(child.stdout!, 'close')
  child.stdin!.on('error', () => undefined).write('go')
  await Promise.all([exit, closed])
  return lines[0] === undefined ? undefined : Number.parseInt(lines[0], 10)
}

/** Loudly where a person reads along, a failure where nobody does. */
function notTested(what: string, reason: string, skip: (note: string) => never): never {
  if (isCi) throw new Error(`${what}: ${reason}`)
  process.stderr.write(`NOT TESTED: ${what}: ${reason}\n`)
  return skip(reason)
}
