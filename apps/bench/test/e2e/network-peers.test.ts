/** The servers that kv is compared with: each starts, does what a driver asks, keeps it, and leaves no process. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Durability, Entry, OpenSession, Session } from '../../src/sessions/session.ts'
import { etcd } from '../../src/subjects/etcd.ts'
import { nats } from '../../src/subjects/nats.ts'
import { redisIoredis, redisIoredisPipelining, redisNodeRedis } from '../../src/subjects/redis.ts'
import { ServerProcess, type ServerProgram } from '../../src/subjects/server-process.ts'
import type { Server, Subject } from '../../src/subjects/subject.ts'

const subjects = [redisIoredis, redisIoredisPipelining, redisNodeRedis, etcd, nats]
const isCi = process.env['CI'] === 'true'
/** Lengths on both sides of every limit that a session knows. */
const valueBytes = [1, 100, 1_023, 1_024, 20_000]
const inFlight = 50

/** In the order of their keys. The batch is larger than one transaction of etcd. */
const single = entriesFrom(0, 500)
const batched = entriesFrom(500, 300)
const added = entriesFrom(800, 50)

let directory: string
const servers: Server[] = []

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kv-peers-'))
})

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.kill()))
  await rm(directory, { recursive: true, force: true })
})

for (const subject of subjects) {
  test(`${subject.title} does what a driver asks, and keeps it`, async ({ skip }) => {
    await requireProgram(subject, skip)
    const first = await serve(subject)
    const session = await connect(subject, first)
    await concurrently(single, ({ key, value }) => session.put(key, value))
    await expectFound(session, single)
    expect(await session.get('user000999999999')).toBeUndefined()

    const [gone, ...kept] = single
    await session.delete(gone!.key)
    await session.delete('user000999999999')
    expect(await session.get(gone!.key)).toBeUndefined()

    if (session.batch === undefined) {
      await concurrently(batched, ({ key, value }) => session.put(key, value))
    } else await session.batch(batched)
    await expectFound(session, [...kept, ...batched])
    if (session.range !== undefined) await expectRanges(session, [...kept, ...batched])
    await session.close()
    await first.stop()
    expect(isRunning(first.pid)).toBe(false)

    const second = await serve(subject)
    const again = await connect(subject, second)
    await expectFound(again, [...kept, ...batched])
    expect(await again.get(gone!.key)).toBeUndefined()
    await concurrently(added, ({ key, value }) => again.put(key, value))
    await second.kill()
    expect(isRunning(second.pid)).toBe(false)
    await again.close()

    const third = await serve(subject)
    const last = await connect(subject, third)
    // Redis may lose what it acknowledges while a sync is running: its log waits for the end of that.
    const surviving = subject.product === 'redis' ? [] : added
    await expectFound(last, [...kept, ...batched, ...surviving])
    await last.close()
    await third.stop()
    expect(isRunning(third.pid)).toBe(false)
  })
}

test.for([redisNodeRedis, etcd, nats])(
  '$title serves in every mode it has',
  async (subject, { skip }) => {
    await requireProgram(subject, skip)
    for (const durability of ['always', 'none'] as const) {
      if (subject.setup(durability) === undefined) continue
      const server = await serve(subject, durability)
      const session = await connect(subject, server)
      await concurrently(added, ({ key, value }) => session.put(key, value))
      await expectFound(session, added)
      await session.close()
      await server.stop()
    }
  },
)

test.for(subjects)('$title says how it acknowledges, and by which options', (subject) => {
  const { acknowledges, options } = subject.setup('interval')!
  expect(acknowledges).toMatch(/^when /)
  expect(options.join(' ')).toContain('<directory>')
})

test('a server that ends at once fails with what it printed', async () => {
  const start = ServerProcess.start(shell('echo cannot do it >&2; exit 3'))
  await expect(start).rejects.toThrow('sh ended with 3; it printed:\ncannot do it')
})

test('only the last words of a server are kept', async () => {
  const start = ServerProcess.start(
    shell('i=0; while [ $i -lt 2000 ]; do echo line $i; i=$((i+1)); done; exit 3'),
  )
  const message = await messageOf(start)
  expect(message).toContain('line 1999')
  expect(message.length).toBeLessThan(4_200)
})

test('a server that never answers is killed', async () => {
  const start = ServerProcess.start({ ...shell('echo $$; exec sleep 60'), timeoutMs: 2_000 })
  const error: Error = await start.then(
    () => expect.unreachable(),
    (error: Error) => error,
  )
  const [, pid] = /^sh did not answer within 2000 ms; it printed:\n(\d+)$/.exec(
    error.message.trim(),
  )!
  expect(isRunning(Number(pid))).toBe(false)
})

test('a server whose port was taken gets another one', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const taken = String((other.address() as AddressInfo).port)
  const ports: number[] = []
  const server = await ServerProcess.start({
    name: process.execPath.split('/').at(-1)!,
    options: (port) => [
      [
        '-e',
        `http.createServer((_, answer) => answer.end()).listen(${ports.push(port) === 1 ? taken : port}, '127.0.0.1')`,
      ],
    ],
    probe: async (port, signal) => {
      await fetch(`http://127.0.0.1:${port}`, { signal })
    },
  })
  servers.push(server)
  other.close()
  expect(ports).toHaveLength(2)
})

test('a server ends with the process that started it, though by SIGKILL', async () => {
  const file = new URL('../../src/subjects/server-process.ts', import.meta.url)
  const script = `
    const { ServerProcess } = await import('${file.href}')
    const options = () => [['60']]
    const { pid } = await ServerProcess.start({ name: 'sleep', options, probe: async () => {} })
    console.log(pid)`
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script])
  const [pid] = (await once(parent.stdout, 'data')) as [Buffer]
  expect(isRunning(Number(pid))).toBe(true)
  parent.kill('SIGKILL')
  await expect.poll(() => isRunning(Number(pid)), { timeout: 60_000 }).toBe(false)
})

/** Without the program there is nothing to test: loudly so here, and a failure where nobody reads along. */
async function requireProgram(subject: Subject, skip: (note: string) => never): Promise<void> {
  const here = await subject.find()
  if (here.found) return
  const missing = `${here.reason}: ${here.install}`
  if (isCi) throw new Error(missing)
  process.stderr.write(`NOT TESTED: ${subject.title}: ${missing}\n`)
  skip(missing)
}

async function serve(subject: Subject, durability: Durability = 'interval'): Promise<Server> {
  const server = await subject.serve!(directory, durability)
  servers.push(server)
  return server
}

async function connect({ session }: Subject, { port }: Server): Promise<Session> {
  const file = `../../src/sessions/${session}.ts`
  const { open } = (await import(file)) as { open: OpenSession }
  return open({ port, durability: 'interval' })
}

function entriesFrom(first: number, count: number): Entry[] {
  return Array.from({ length: count }, (_, at) => {
    const index = first + at
    const text = String(index % 10).repeat(valueBytes[index % valueBytes.length]!)
    return { key: `user${100_000_000_000 + index}`, value: { text, bytes: Buffer.from(text) } }
  })
}

/** Some lanes, each with one operation under way, as a driver has them. */
async function concurrently(
  entries: readonly Entry[],
  operation: (entry: Entry) => unknown,
): Promise<void> {
  const rest = entries.values()
  const lane = async (): Promise<void> => {
    for (const entry of rest) await operation(entry)
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
}

async function expectFound(session: Session, entries: readonly Entry[]): Promise<void> {
  await concurrently(entries, async ({ key, value }) => {
    const found = await session.get(key)
    expect(found !== undefined && value.bytes.equals(Buffer.from(found)), key).toBe(true)
  })
}

/** `from` is in it, and it goes on in the order of the keys to the limit or the end of the store. */
async function expectRanges(session: Session, entries: readonly Entry[]): Promise<void> {
  const expectRange = async (at: number, reverse: boolean): Promise<void> => {
    const behind = reverse ? entries.slice(0, at + 1).toReversed() : entries.slice(at)
    const wanted = behind.slice(0, 50)
    const valueBytes = wanted.reduce((sum, { value }) => sum + value.bytes.length, 0)
    expect(await session.range!(entries[at]!.key, 50, reverse)).toEqual({
      count: wanted.length,
      first: wanted[0]!.key,
      last: wanted.at(-1)!.key,
      valueBytes,
    })
  }
  for (const at of [9, entries.length - 10]) {
    await expectRange(at, true)
    await expectRange(at, false)
  }
}

/** A command that is no server, for what goes wrong. */
function shell(command: string): ServerProgram {
  return {
    name: 'sh',
    options: () => [['-c', command]],
    probe: () => Promise.reject(new Error('no answer')),
  }
}

async function messageOf(failing: Promise<unknown>): Promise<string> {
  const error: Error = await failing.then(
    () => expect.unreachable(),
    (error: Error) => error,
  )
  return error.message
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
