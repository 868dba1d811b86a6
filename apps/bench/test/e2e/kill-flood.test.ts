/**
 * C6: the real server under `kill -9`, again and again on one data directory: under load, during start, during
 * merges and during shutdown. Whatever was acknowledged must be there after the next start.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Client, connect } from '@kv/client'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ExpectedState } from '../../src/expected-state.ts'
import { NodeProcess } from '../../src/node-process.ts'

/** `npm test` makes do with fewer, for it must be quick; CI makes all of them behind it. */
const cycles = Number(process.env['KV_C6_CYCLES'] ?? 300)
const seed = Number(process.env['KV_SEED'] ?? 20_261)
const keys = 400
const writers = 16
/** Small segments, so that every cycle rolls, seals and writes hints, and dead records soon want a merge. */
const nodeOptions = ['--segment-bytes', '32768', '--log-level', 'info']

type Moment = 'load' | 'start' | 'merge' | 'shutdown'
const moments: readonly Moment[] = ['load', 'load', 'merge', 'start', 'shutdown']

/** Two floods at once, each on a directory of its own: a start is mostly work of one core. */
const lanes = 2

let root: string
const counts = { kills: 0, acked: 0, unknown: 0, mergesBegun: 0, mergesFinished: 0 }

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'kv-kill-'))
})

afterAll(async () => {
  await rm(root, { recursive: true, force: true })
})

test(`C6: ${cycles} kills lose nothing that was acknowledged`, async () => {
  const floods = Array.from(
    { length: lanes },
    (_, lane) => new Flood(join(root, `${lane}`), seed + lane),
  )
  await Promise.all(floods.map((flood) => flood.run(Math.ceil(cycles / lanes))))
  process.stdout.write(
    `class=C6 cases=${cycles} faults=${counts.kills} ops=${counts.acked} unknown=${counts.unknown} merges=${counts.mergesBegun} finished=${counts.mergesFinished} seed=${seed}\n`,
  )
  expect(counts.kills).toBeGreaterThanOrEqual(cycles)
  expect(counts.acked).toBeGreaterThanOrEqual(cycles * 20)
  expect(counts.unknown).toBeGreaterThanOrEqual(Math.floor(cycles / 2))
  expect(counts.mergesBegun).toBeGreaterThanOrEqual(Math.floor(cycles / 6))
  expect(counts.mergesFinished).toBeGreaterThanOrEqual(1)
})

/** One data directory, and the nodes that live and die on it. */
class Flood {
  readonly #directory: string
  readonly #seed: number
  readonly #random: () => number
  readonly #expected = new ExpectedState()
  #serial = 0

  constructor(directory: string, seed: number) {
    this.#directory = directory
    this.#seed = seed
    this.#random = seeded(seed)
  }

  async run(cycles: number): Promise<void> {
    for (let cycle = 0; cycle < cycles; cycle++) {
      const moment = moments[cycle % moments.length]!
      try {
        await this.#killAt(moment)
      } catch (error) {
        throw new Error(`cycle ${cycle} (${moment}) of the flood with seed ${this.#seed}`, {
          cause: error,
        })
      }
    }
    const once = await this.#readAll()
    expect(await this.#readAll(), 'recovering twice is recovering once').toEqual(once)
  }

  /** One life of a node: it starts, is checked, works, and is killed. */
  async #killAt(moment: Moment): Promise<void> {
    if (moment === 'start') {
      const node = NodeProcess.spawn(this.#directory, nodeOptions)
      await delay(this.#random() * 250)
      await kill(node)
      return
    }
    const node = await NodeProcess.start(this.#directory, nodeOptions)
    const client = await connect(node.address, { reconnect: { attemptsMax: 1 } })
    try {
      this.#expected.check(await contentOf(client))
      const stop = new AbortController()
      const load = Promise.all(
        Array.from({ length: writers }, () => this.#write(client, stop.signal)),
      )
      if (moment === 'merge') {
        await delay(20 + this.#random() * 60)
        counts.mergesBegun++
        const ended = client.merge().then(
          () => counts.mergesFinished++,
          () => undefined,
        )
        // Some are killed when they are over: on a busy machine few would come to their end by chance.
        if (this.#random() < 0.2) await ended
      }
      await delay(this.#random() * (moment === 'merge' ? 300 : 120))
      if (moment === 'shutdown') {
        node.signal('SIGTERM')
        await delay(this.#random() * 20)
      }
      await kill(node)
      stop.abort()
      await load
      counts.unknown += this.#expected.unknown
    } finally {
      await client.close()
    }
  }

  /** Writes, one operation after the other, until told to stop or until the node is gone. */
  async #write(client: Client, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const batch = this.#random() < 0.2 ? ++this.#serial : undefined
      const chosen = this.#chooseKeys(batch === undefined ? 1 : 3)
      const value = this.#random() < 0.2 ? undefined : this.#nextValue()
      for (const key of chosen) this.#expected.sending(key, value, batch)
      try {
        await send(client, chosen, value)
        for (const key of chosen) this.#expected.acknowledged(key)
        counts.acked += chosen.length
      } catch (error) {
        if (isRefusal(error)) for (const key of chosen) this.#expected.refused(key)
        return
      }
    }
  }

  /** Keys that no other writer is at. */
  #chooseKeys(wanted: number): string[] {
    const chosen = new Set<string>()
    while (chosen.size < wanted) {
      const key = `key/${Math.floor(this.#random() * keys)}`
      if (!this.#expected.isPending(key)) chosen.add(key)
    }
    return [...chosen]
  }

  #nextValue(): string {
    return `${++this.#serial}:${'x'.repeat(Math.floor(this.#random() * 300))}`
  }

  async #readAll(): Promise<Map<string, string>> {
    const node = await NodeProcess.start(this.#directory, nodeOptions)
    const client = await connect(node.address, { reconnect: { attemptsMax: 1 } })
    try {
      const found = await contentOf(client)
      this.#expected.check(found)
      return found
    } finally {
      await client.close()
      await node.end('SIGTERM')
    }
  }
}

async function kill(node: NodeProcess): Promise<void> {
  await node.end('SIGKILL')
  counts.kills++
}

async function send(
  client: Client,
  chosen: readonly string[],
  value: string | undefined,
): Promise<void> {
  const [only] = chosen
  if (chosen.length === 1 && only !== undefined) {
    if (value === undefined) await client.delete(only)
    else await client.put(only, value)
    return
  }
  const batch = client.batch()
  for (const key of chosen) {
    if (value === undefined) batch.delete(key)
    else batch.put(key, value)
  }
  await batch.commit()
}

function isRefusal(error: unknown): boolean {
  assert(error instanceof Error && 'outcome' in error, String(error))
  return error.outcome === 'not-applied'
}

async function contentOf(client: Client): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const { key, value } of client.range()) found.set(key.toString(), value.toString())
  return found
}

/** Mulberry32: a small generator, good enough to choose moments and keys. */
function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
