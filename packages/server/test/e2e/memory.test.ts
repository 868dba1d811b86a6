import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { KvError } from '@kv/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { RawClient } from '../raw-client.ts'
import { ServerProcess } from './server-process.ts'

const mebi = 1024 * 1024
/** What a server may use on top of its empty self, beside what connections hold. */
const allowanceBytes = 50 * mebi

let directory: string
let data: string

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/kv-memory-`)
  data = `${directory}/data`
})

afterEach(() => rm(directory, { recursive: true, force: true }))

interface Look {
  readonly rssBytes: number
  readonly heldBytes: number
  readonly cut: number
}

async function look(canary: RawClient): Promise<Look> {
  const answer = await canary.ask({ kind: 'stats' })
  if (answer instanceof KvError) throw answer
  const { memory, heldBytes, connections } = answer.stats['server'] as {
    memory: { rssBytes: number }
    heldBytes: number
    connections: { cut: number }
  }
  return { rssBytes: memory.rssBytes, heldBytes, cut: connections.cut }
}

test('1,000 connections that claim 16 MiB and send a few bytes cost no memory', async () => {
  const server = await ServerProcess.start(data, ['--connections-per-address-max', '2000'])
  const canary = await server.open()
  const before = await look(canary)
  for (let index = 0; index < 1_000; index++) {
    const client = await server.open()
    client.sendBytes(Buffer.from([1, 0, 0, 0, 0x93]))
  }
  let after = await look(canary)
  while (after.heldBytes < 1_000 * 5) after = await look(canary)
  expect(after.rssBytes - before.rssBytes).toBeLessThan(allowanceBytes)
})

test('200 clients that ask for large values and never read stay within the budget', async () => {
  const heldBytesMax = 128 * mebi
  // Nobody is cut before all have asked and what is held has been looked at, on a busy machine too.
  const flags = ['--held-bytes-max', `${heldBytesMax}`, '--write-timeout-ms', '10000']
  const server = await ServerProcess.start(data, flags)
  const canary = await server.open()
  const key = Buffer.from('large')
  await canary.ask({ kind: 'put', key, value: Buffer.alloc(mebi) })
  const before = await look(canary)
  for (let index = 0; index < 200; index++) {
    const client = await server.open()
    client.socket.pause()
    for (let round = 0; round < 64; round++) void client.gather({ kind: 'get', key })
    client.send()
  }
  let rssBytesMax = 0
  let heldBytesSeen = 0
  let now = before
  // Until those who were given something have been cut; the others were asked to try later.
  while (now.cut === 0 || now.heldBytes > mebi) {
    now = await look(canary)
    rssBytesMax = Math.max(rssBytesMax, now.rssBytes)
    heldBytesSeen = Math.max(heldBytesSeen, now.heldBytes)
  }
  expect(heldBytesSeen).toBeGreaterThan(heldBytesMax / 2)
  // A value is in memory as it was read and as it will be sent, until the garbage is collected.
  expect(rssBytesMax - before.rssBytes).toBeLessThan(2 * heldBytesMax + allowanceBytes)
  // The last value that fits leaves room for its frame, for requests and for refusals.
  expect(heldBytesSeen).toBeLessThanOrEqual(heldBytesMax)
  expect(await canary.ask({ kind: 'get', key })).toMatchObject({ found: { version: 1 } })
})
