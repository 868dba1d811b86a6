import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { KvError } from '@kv/protocol'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { RawClient } from '../raw-client.ts'
import { ServerProcess } from './server-process.ts'

const clients = 4
const writesBeforeTheEnd = 500

let directory: string
let data: string

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/kv-stop-`)
  data = `${directory}/data`
})

afterEach(() => rm(directory, { recursive: true, force: true }))

interface Flood {
  readonly acknowledged: ReadonlySet<string>
  readonly codes: ReadonlySet<string>
  /** Resolves once so many writes are acknowledged. */
  readonly underWay: Promise<void>
  /** Resolves when every connection is closed and every write answered or given up. */
  readonly over: Promise<unknown>
}

/** Writes without a pause over several connections, many at once, until they are closed. */
async function flood(server: ServerProcess): Promise<Flood> {
  const acknowledged = new Set<string>()
  const codes = new Set<string>()
  const underWay = Promise.withResolvers<void>()
  let serial = 0

  async function write(client: RawClient): Promise<void> {
    while (!client.socket.destroyed && !client.socket.readableEnded) {
      const key = `key ${serial++}`
      const value = Buffer.from(`value of ${key}`)
      const answer = await client.ask({ kind: 'put', key: Buffer.from(key), value })
      if (answer instanceof KvError) {
        codes.add(answer.code)
        return
      }
      acknowledged.add(key)
      if (acknowledged.size === writesBeforeTheEnd) underWay.resolve()
    }
  }

  const writers: Promise<void>[] = []
  for (let index = 0; index < clients; index++) {
    const client = await server.open()
    for (let writer = 0; writer < 25; writer++) writers.push(write(client))
    writers.push(client.closed)
  }
  return { acknowledged, codes, underWay: underWay.promise, over: Promise.all(writers) }
}

async function expectAll(keys: ReadonlySet<string>): Promise<void> {
  const server = await ServerProcess.start(data)
  const client = await server.open()
  const answers = [...keys].map(async (key) => {
    const answer = await client.gather({ kind: 'get', key: Buffer.from(key) })
    return answer instanceof KvError ? answer.code : answer.found?.value.toString()
  })
  client.send()
  expect(await Promise.all(answers)).toEqual([...keys].map((key) => `value of ${key}`))
  expect(await server.signal('SIGTERM')).toMatchObject({ code: 0, stderr: '' })
}

/** A client asks for far more than it reads, until the server has to hold it. */
async function clog(server: ServerProcess): Promise<void> {
  const client = await server.open()
  const key = Buffer.from('large')
  await client.ask({ kind: 'put', key, value: Buffer.alloc(1024 * 1024) })
  client.socket.pause()
  for (let round = 0; round < 40; round++) void client.gather({ kind: 'get', key })
  client.send()
  const canary = await server.open()
  for (;;) {
    const answer = await canary.ask({ kind: 'stats' })
    if (answer instanceof KvError) throw answer
    const { heldBytes } = answer.stats['server'] as { heldBytes: number }
    if (heldBytes > 1024 * 1024) return
  }
}

describe.each(['always', 'interval', 'never'])('with --durability %s', (durability) => {
  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s answers what is in flight, and all that was acknowledged is there after a restart',
    async (signal) => {
      const server = await ServerProcess.start(data, ['--durability', durability])
      const { acknowledged, codes, underWay, over } = await flood(server)
      await underWay
      expect(await server.signal(signal)).toMatchObject({ code: 0, signal: null, stderr: '' })
      await over
      // Every write was either made and acknowledged, or refused without being made.
      expect([...codes]).toEqual(['KV_SHUTTING_DOWN'])
      await expectAll(acknowledged)
    },
  )

  test('kill -9 takes nothing that was acknowledged', async () => {
    const server = await ServerProcess.start(data, ['--durability', durability])
    const { acknowledged, underWay, over } = await flood(server)
    await underWay
    expect(await server.signal('SIGKILL')).toMatchObject({ signal: 'SIGKILL' })
    await over
    await expectAll(acknowledged)
  })
})

describe('a client that does not read its answers', () => {
  test('does not hold a stop up for longer than drainTimeoutMs', async () => {
    const server = await ServerProcess.start(data, ['--drain-timeout-ms', '200'])
    await clog(server)
    expect(await server.signal('SIGTERM')).toMatchObject({ code: 0 })
  })

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('nor a second %s at all', async (signal, code) => {
    const server = await ServerProcess.start(data, ['--drain-timeout-ms', '3600000'])
    await clog(server)
    void server.signal('SIGTERM')
    await server.logged('is stopping')
    expect(await server.signal(signal)).toMatchObject({ code })
  })
})
