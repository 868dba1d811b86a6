/**
 * C15: the real server has too few descriptors: from its start on, under load with many segments and connections, in
 * merges, and from a moment on at run time, with not one left. What fails for that ends in a typed error, nothing
 * acknowledged is lost, the node never takes it for a failure of the disk, and goes on once there are some.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, connect, KvError } from '@kv/client'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { ExpectedState } from '../../apps/bench/src/expected-state.ts'
import { run } from './command.ts'
import { DrillNode } from './drill-node.ts'
import { contentOf, Load, seeded } from './load.ts'
import { obstacle } from './requirements.ts'

const seed = Number(process.env['KV_SEED'] ?? 20_275)
const resumeMsMax = 5_000
const scenarios = 6
/** What a caller may get for want of a descriptor. */
const passing = ['KV_TRY_LATER', 'KV_UNREACHABLE']
/** Small, so that a few MiB make some hundred files. */
const flags = ['--segment-bytes', '16KiB', '--auto-merge', 'false']
const unlimited = 20_000
const isSkipped = obstacle(['prlimit']) !== undefined
const counts = { cases: 0, faults: 0, ops: 0, merges: 0 }

let directory: string

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'kv-drill-')), 'data')
})

afterEach(async () => {
  await DrillNode.endAll()
  await rm(join(directory, '..'), { recursive: true })
})

afterAll(() => {
  if (isSkipped) return
  process.stdout.write(
    `class=C15 cases=${counts.cases} faults=${counts.faults} ops=${counts.ops} merges=${counts.merges} seed=${seed}\n`,
  )
})

test.skipIf(isSkipped)('C15: a node starts with few descriptors, or says why not', async () => {
  const writer = await Writer.start(directory)
  await writer.put(600)
  await writer.end()
  let served = 0
  // With less than some 25 the runtime itself does not start.
  for (const limit of [512, 128, 64, 40, 32, 28]) {
    const node = DrillNode.spawn(directory, { flags, wrapper: limited(limit) })
    const error = await node.ready().then(
      () => undefined,
      (error: Error) => error,
    )
    if (error === undefined) {
      served++
      await writer.attach(node)
      await writer.expectReads()
      await writer.put(20)
      await writer.end()
      continue
    }
    counts.faults++
    expect(limit, error.message).toBeLessThan(64)
    const { code, signal, stderr } = await node.ended
    expect({ code, signal, stderr }).toMatchObject({ code: 74, signal: null })
    expect(stderr).toMatch(/^kv: [^\n]*descriptor[^\n]*\n$/)
  }
  expect(served).toBeGreaterThanOrEqual(3)
  await writer.attach(await DrillNode.start(directory, { flags }))
  await writer.expectReads()
  counts.cases++
})

test.skipIf(isSkipped)('C15: many segments and connections share 128 descriptors', async () => {
  const writer = await Writer.start(directory, limited(128))
  await writer.put(600)
  const clients: Client[] = []
  for (let more = 0; more < 150; more++) {
    const client = await connect(writer.node.url, {
      reconnect: { attemptsMax: 1 },
    }).catch(notePassing)
    if (client !== undefined) clients.push(client)
  }
  expect(clients.length).toBeGreaterThan(20)
  expect(clients.length).toBeLessThan(128)
  const reads = clients.map(async (client) => {
    for (let read = 0; read < 60; read++) await writer.expectRead(client)
  })
  await Promise.all([...reads, writer.put(200)])
  expect(descriptorsOf(writer.node).length).toBeLessThanOrEqual(128)
  await Promise.all(clients.map((client) => client.close()))
  await writer.expectResumed()
  await writer.expectReads()
  await writer.expectAllAfterKill()
})

test.skipIf(isSkipped)(
  'C15: merges with 64 descriptors come to an end, or change nothing',
  async () => {
    const writer = await Writer.start(directory, limited(64))
    await writer.put(300)
    for (let round = 0; round < 6; round++) {
      await writer.put(60)
      await writer.overwrite(60)
      const connects = Array.from({ length: 40 }, () =>
        connect(writer.node.url, { reconnect: { attemptsMax: 1 } }).catch(notePassing),
      )
      await writer.merge()
      for (const client of await Promise.all(connects)) await client?.close()
      await writer.expectReads()
    }
    await writer.expectResumed()
    await writer.mergeUntilDone()
    await writer.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)(
  'C15: a limit lowered at run time below what is open makes room',
  async () => {
    const writer = await Writer.start(directory, limited(unlimited))
    await writer.put(600)
    await writer.expectReads()
    expect(descriptorsOf(writer.node).length).toBeGreaterThan(120)
    await limit(writer.node, 48)
    // Segments are rolled and read all the same.
    await writer.put(100)
    await writer.expectReads()
    await writer.merge()
    await writer.expectReads()
    await limit(writer.node, unlimited)
    await writer.expectResumed()
    await writer.mergeUntilDone()
    await writer.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)(
  'C15: with not one descriptor left, what is kept for it is enough for the log and for MANIFEST',
  async () => {
    const writer = await Writer.start(directory, limited(unlimited), ['--open-files-max', '4'])
    await writer.put(100)
    let exhausted = 0
    for (let round = 0; round < 12; round++) {
      await writer.put(20)
      await writer.overwrite(20)
      // At another moment of the merge each time.
      const merging = writer.merge()
      await delay(round * 3)
      await limit(writer.node, noMore(writer.node))
      exhausted++
      await merging
      for (let put = 0; put < 10; put++) await writer.tryPut()
      await writer.tryReads(20)
      await writer.client.stats()
      await limit(writer.node, unlimited)
      await writer.expectResumed()
      await writer.expectReads()
    }
    counts.faults += exhausted
    await writer.mergeUntilDone()
    await writer.expectAllAfterKill()
  },
)

test.skipIf(isSkipped)('C15: a limit that goes down and up under load loses nothing', async () => {
  const node = await DrillNode.start(directory, { flags, wrapper: limited(unlimited) })
  const client = await connect(node.url)
  const expected = new ExpectedState()
  const load = new Load(
    {
      writers: 8,
      keys: 300,
      valueBytesMax: 2_000,
      deleteShare: 0.2,
      isEnd: (error) => !(error instanceof KvError && error.code === 'KV_TRY_LATER'),
    },
    expected,
    seeded(seed),
  )
  const stop = new AbortController()
  const running = load.run(client, stop.signal)
  for (let cycle = 0; cycle < 8; cycle++) {
    const { acknowledged } = load
    await limit(node, cycle % 2 === 0 ? noMore(node) : 20)
    counts.faults++
    const merging = client.merge().catch(notePassing)
    await delay(150)
    await limit(node, unlimited)
    await merging
    while (load.acknowledged < acknowledged + 100) await delay(5)
  }
  stop.abort()
  await running
  await node.end('SIGKILL')
  await client.close()
  counts.ops += load.acknowledged
  counts.faults += load.refused
  const again = await DrillNode.start(directory, { flags })
  expected.check(await contentOf(await connect(again.url)))
  counts.cases++
})

test.skipIf(isSkipped)(`C15: all ${scenarios} scenarios were gone through`, () => {
  expect(counts.cases).toBe(scenarios)
  expect(counts.faults).toBeGreaterThanOrEqual(100)
  expect(counts.ops).toBeGreaterThanOrEqual(2_000)
  expect(counts.merges).toBeGreaterThanOrEqual(4)
})

/** Writes new keys, which come to lie in many segments, and knows what must be there. */
class Writer {
  readonly #directory: string
  readonly #values = new Map<string, string>()
  readonly #random = seeded(seed)
  node: DrillNode
  client: Client
  #keys = 0

  static async start(
    directory: string,
    wrapper: readonly string[] = [],
    more: readonly string[] = [],
  ): Promise<Writer> {
    const node = await DrillNode.start(directory, { flags: [...flags, ...more], wrapper })
    return new Writer(directory, node, await connect(node.url))
  }

  private constructor(directory: string, node: DrillNode, client: Client) {
    this.#directory = directory
    this.node = node
    this.client = client
  }

  async attach(node: DrillNode): Promise<void> {
    this.node = node
    const start = performance.now()
    // A node that has just started with few descriptors may need the last of them for its hints.
    for (;;) {
      const client = await connect(node.url).catch(notePassing)
      if (client !== undefined) {
        this.client = client
        return
      }
      expect(performance.now() - start).toBeLessThan(resumeMsMax)
      await delay(50)
    }
  }

  async end(): Promise<void> {
    await this.client.close()
    expect(await this.node.end('SIGTERM')).toMatchObject({ code: 0 })
  }

  async put(count: number): Promise<void> {
    for (let put = 0; put < count; put++) {
      const before = this.#keys
      while (this.#keys === before) await this.tryPut()
    }
  }

  /** A put of a new key, which may be refused. */
  async tryPut(): Promise<void> {
    await this.#put(`key ${this.#keys}`, () => this.#keys++)
  }

  async overwrite(count: number): Promise<void> {
    for (let key = 0; key < count; key++) await this.#put(`key ${key}`, () => undefined)
  }

  async expectRead(client: Client = this.client): Promise<void> {
    const key = `key ${Math.floor(this.#random() * this.#keys)}`
    const value = this.#values.get(key)
    for (let tries = 0; ; tries++) {
      try {
        const found = await client.get(key)
        // It may have been overwritten meanwhile, by this process.
        if (this.#values.get(key) === value) assert.equal(found?.value.toString(), value, key)
        return
      } catch (error) {
        notePassing(error)
        assert(tries < 500, 'a read is never taken')
        await delay(10)
      }
    }
  }

  async tryReads(count: number): Promise<void> {
    for (let read = 0; read < count; read++) {
      const key = `key ${Math.floor(this.#random() * this.#keys)}`
      const found = await this.client.get(key).catch(notePassing)
      if (found !== undefined) assert.equal(found.value.toString(), this.#values.get(key), key)
    }
  }

  async expectReads(): Promise<void> {
    const keys = [...this.#values.keys()]
    expect(keys.length).toBeGreaterThan(100)
    await Promise.all(
      Array.from({ length: 32 }, async () => {
        for (let key = keys.pop(); key !== undefined; key = keys.pop()) await this.#expectValue(key)
      }),
    )
  }

  /** False when there was no descriptor for it. */
  async merge(): Promise<boolean> {
    try {
      await this.client.merge()
      counts.merges++
      return true
    } catch (error) {
      notePassing(error)
      return false
    }
  }

  async mergeUntilDone(): Promise<void> {
    const start = performance.now()
    while (!(await this.merge())) expect(performance.now() - start).toBeLessThan(resumeMsMax)
  }

  async expectResumed(): Promise<void> {
    const start = performance.now()
    const before = this.#keys
    while (this.#keys === before) {
      await this.tryPut()
      expect(performance.now() - start).toBeLessThan(resumeMsMax)
    }
  }

  async expectAllAfterKill(): Promise<void> {
    expect(this.node.linesWith('a disk error has ended all writing')).toEqual([])
    await this.node.end('SIGKILL')
    await this.client.close()
    await this.attach(await DrillNode.start(this.#directory, { flags }))
    await this.expectReads()
    const { keys } = (await this.client.stats())['store'] as { keys: number }
    expect(keys).toBe(this.#values.size)
    counts.cases++
  }

  async #expectValue(key: string): Promise<void> {
    for (;;) {
      const found = await this.client.get(key).catch(notePassing)
      if (found !== undefined) {
        assert.equal(found.value.toString(), this.#values.get(key), key)
        return
      }
      await delay(5)
    }
  }

  async #put(key: string, taken: () => void): Promise<void> {
    const value = `${performance.now()} `.padEnd(4_000, 'x')
    try {
      await this.client.put(key, value)
    } catch (error) {
      notePassing(error)
      await delay(2)
      return
    }
    counts.ops++
    this.#values.set(key, value)
    taken()
  }
}

/** Throws what is no error for want of a descriptor. */
function notePassing(error: unknown): undefined {
  assert(error instanceof KvError && passing.includes(error.code), String(error))
  counts.faults++
}

function limited(descriptors: number): string[] {
  return ['prlimit', `--nofile=${descriptors}`]
}

async function limit(node: DrillNode, descriptors: number): Promise<void> {
  await run('prlimit', '--pid', `${node.pid}`, `--nofile=${descriptors}:${unlimited}`)
}

/** Those that it has open. */
function descriptorsOf(node: DrillNode): string[] {
  return readdirSync(`/proc/${node.pid}/fd`)
}

/** A limit under which the node cannot open anything, until it closes something: the lowest number that is free. */
function noMore(node: DrillNode): number {
  const taken = new Set(descriptorsOf(node))
  let lowest = 0
  while (taken.has(`${lowest}`)) lowest++
  return lowest
}
