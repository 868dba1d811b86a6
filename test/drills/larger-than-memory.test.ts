/**
 * C22: the real server in a control group of 256 MiB of memory: with ten times as much in values, which it reads at
 * random without being killed and not much slower than what is in the page cache; and with as many keys as the cap on
 * the keydir lets in, which is reached before the memory is, and at which all but new keys goes on.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, connect, KvError } from '@kv/client'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  createMemoryCgroup,
  type MemoryCgroup,
  memoryCgroupAvailable,
} from '../../apps/bench/src/memory-cgroup.ts'
import { DrillNode } from './drill-node.ts'
import { seeded } from './load.ts'
import { obstacle } from './requirements.ts'

const seed = Number(process.env['KV_SEED'] ?? 20_282)
const mebibyte = 1024 * 1024
const limitBytes = 256 * mebibyte
const valueBytes = 64 * 1024
const values = (10 * limitBytes) / valueBytes
const inFlight = 8
/** Of the values, so many fit into the page cache. */
const warmValues = 500
const reads = 4_000
const slowerMax = 20
const keyBytes = 100
const batchKeys = 2_000
/** Half of the memory beyond the 128 MiB that the rest of the node takes: what the server says without a setting. */
const keydirBytesMax = (limitBytes - 128 * mebibyte) / 2
const availability = memoryCgroupAvailable()
const isSkipped =
  obstacle([], availability.available ? undefined : availability.reason) !== undefined

let directory: string
let cgroup: MemoryCgroup

beforeEach(async () => {
  if (isSkipped) return
  directory = await mkdtemp(join(tmpdir(), 'kv-drill-'))
  cgroup = await createMemoryCgroup(limitBytes)
})

afterEach(async () => {
  if (isSkipped) return
  await DrillNode.endAll()
  await cgroup.remove()
  await rm(directory, { recursive: true })
})

test.skipIf(isSkipped)(
  'C22: ten times the memory in values is written and read at random',
  async () => {
    const random = seeded(seed)
    const node = await startLimited(['--durability', 'interval'])
    const client = await connect(node.url)
    await concurrently(warmValues, (key) => client.put(`key ${key}`, valueOf(key)))
    await timedReads(client, () => Math.floor(random() * warmValues))
    const warm = await timedReads(client, () => Math.floor(random() * warmValues))
    await concurrently(values - warmValues, (key) =>
      client.put(`key ${key + warmValues}`, valueOf(key + warmValues)),
    )
    const before = bytesRead(node)
    const cold = await timedReads(client, () => Math.floor(random() * values))
    const fromDisk = bytesRead(node) - before
    const { rssBytes } = await memoryOf(client)
    process.stdout.write(
      `class=C22 cases=1 ops=${values + 3 * reads} data-MiB=${(values * valueBytes) / mebibyte} limit-MiB=${limitBytes / mebibyte} p50-ms=${warm.p50.toFixed(2)}/${cold.p50.toFixed(2)} p99-ms=${warm.p99.toFixed(2)}/${cold.p99.toFixed(2)} from-disk-MiB=${Math.round(fromDisk / mebibyte)} rss-MiB=${Math.round(rssBytes / mebibyte)} seed=${seed}\n`,
    )
    expect(fromDisk, 'the page cache holds a tenth').toBeGreaterThan((reads * valueBytes) / 2)
    expect(cold.p50).toBeLessThanOrEqual(slowerMax * warm.p50)
    expect(cold.p99).toBeLessThanOrEqual(slowerMax * warm.p99)
    await client.close()
    expect(await node.end('SIGTERM'), 'no OOM kill').toMatchObject({ code: 0, signal: null })
  },
)

test.skipIf(isSkipped)(
  'C22: the keydir reaches its cap before the memory ends, and all but new keys goes on',
  async () => {
    const node = await startLimited(['--durability', 'interval'])
    const client = await connect(node.url)
    let taken = 0
    let refusal: unknown
    while (refusal === undefined) {
      try {
        await putKeys(client, taken)
        taken += batchKeys
      } catch (error) {
        refusal = error
      }
    }
    assert(refusal instanceof KvError)
    expect(refusal).toMatchObject({
      code: 'KV_MEMORY_FULL',
      outcome: 'not-applied',
      details: { keydirBytesMax },
    })
    expect(taken * keyBytes).toBeGreaterThan(keydirBytesMax / 4)
    const full = await storeStats(client)
    expect(full.keys).toBe(taken)
    expect(full.keydir).toMatchObject({ isFull: true, bytesMax: keydirBytesMax })
    expect(full.keydir.refused).toBeGreaterThanOrEqual(1)

    await expect(client.put('new', '')).rejects.toMatchObject({ code: 'KV_MEMORY_FULL' })
    await client.put(keyOf(0), 'overwritten')
    expect((await client.get(keyOf(taken - 1)))?.value.toString()).toBe(`${taken - 1}`)
    await client.merge()
    await concurrently(20_000, (key) => client.delete(keyOf(key + 1)))
    await putKeys(client, taken)
    const { rssBytes } = await memoryOf(client)

    // What was taken in is recovered within the same memory.
    await client.close()
    await node.end('SIGKILL')
    const again = await startLimited([])
    const reader = await connect(again.url)
    expect((await storeStats(reader)).keys).toBe(taken - 20_000 + batchKeys)
    expect((await reader.get(keyOf(0)))?.value.toString()).toBe('overwritten')
    for (let key = 20_001; key < taken + batchKeys; key += 997) {
      expect((await reader.get(keyOf(key)))?.value.toString()).toBe(`${key}`)
    }
    const recovered = await memoryOf(reader)
    process.stdout.write(
      `class=C22 cases=1 ops=${taken + 20_000} keys=${taken} rss-MiB=${Math.round(rssBytes / mebibyte)} rss-recovered-MiB=${Math.round(recovered.rssBytes / mebibyte)} seed=${seed}\n`,
    )
    await reader.close()
    expect(await again.end('SIGTERM'), 'no OOM kill').toMatchObject({ code: 0, signal: null })
  },
)

/** A node that was in the control group before its first instruction. */
async function startLimited(flags: readonly string[]): Promise<DrillNode> {
  const inCgroup = ['sh', '-c', 'echo $$ > "$0" && exec "$@"', cgroup.processesFile]
  const node = DrillNode.spawn(join(directory, 'data'), { flags, wrapper: inCgroup })
  await node.ready()
  return node
}

function valueOf(key: number): Buffer {
  return Buffer.alloc(valueBytes, `${key} `)
}

function keyOf(key: number): string {
  return `${key} `.padEnd(keyBytes, 'k')
}

async function putKeys(client: Client, from: number): Promise<void> {
  const batch = client.batch()
  for (let key = from; key < from + batchKeys; key++) batch.put(keyOf(key), `${key}`)
  await batch.commit()
}

async function concurrently(
  count: number,
  act: (place: number) => Promise<unknown>,
): Promise<void> {
  let next = 0
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (next < count) await act(next++)
    }),
  )
}

interface ReadTimes {
  readonly p50: number
  readonly p99: number
}

/** Reads at random and checks every value. Times in ms. */
async function timedReads(client: Client, choose: () => number): Promise<ReadTimes> {
  const times: number[] = []
  await concurrently(reads, async () => {
    const key = choose()
    const start = performance.now()
    const found = await client.get(`key ${key}`)
    times.push(performance.now() - start)
    assert(found !== undefined && found.value.equals(valueOf(key)), `key ${key} is another`)
  })
  times.sort((a, b) => a - b)
  const percentile = (share: number): number => times[Math.ceil(times.length * share) - 1]!
  return { p50: percentile(0.5), p99: percentile(0.99) }
}

/** Bytes that a process has had read from the disk, as proc(5) has them. */
function bytesRead(node: DrillNode): number {
  return Number(/^read_bytes: ([0-9]+)$/m.exec(readFileSync(`/proc/${node.pid}/io`, 'latin1'))![1])
}

interface StoreFigures {
  readonly keys: number
  readonly keydir: { readonly isFull: boolean; readonly bytesMax: number; readonly refused: number }
}

async function storeStats(client: Client): Promise<StoreFigures> {
  return (await client.stats())['store'] as unknown as StoreFigures
}

async function memoryOf(client: Client): Promise<{ rssBytes: number }> {
  const server = (await client.stats())['server'] as { memory: { rssBytes: number } }
  return server.memory
}
