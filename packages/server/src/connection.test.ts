import { Socket } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { Store, type StoredValue } from '@kv/engine'
import type { PutAnswer } from '@kv/protocol'
import { encodeRequest, FrameWriter, KvError } from '@kv/protocol'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { RawClient } from '../test/raw-client.ts'
import { serverStatsOf, TestNode } from '../test/test-node.ts'
import { ReadGate } from './read-gate.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const fast = ['--durability', 'never'] as const

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** A whole frame around `payload`. */
function frame(payload: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(payload.length)
  return Buffer.concat([header, payload])
}

function put(key: string, value: string | Buffer = 'value') {
  return { kind: 'put', key: bytes(key), value: Buffer.from(value) } as const
}

function get(key: string) {
  return { kind: 'get', key: bytes(key) } as const
}

/** Waits, turn by turn, until the server's stats say so. */
async function until(
  canary: RawClient,
  isSo: (stats: Awaited<ReturnType<typeof serverStatsOf>>) => boolean,
): Promise<void> {
  while (!isSo(await serverStatsOf(canary))) await nextTurn()
}

describe('hello', () => {
  test('is answered with who the server is and what it takes', async () => {
    await using node = await TestNode.start(...fast, '--key-bytes-max', '100')
    const client = await node.connect()
    const answer = await client.ask({ kind: 'hello', versions: [9, 1], clientName: 'test' })
    expect(answer).toMatchObject({
      kind: 'hello',
      version: 1,
      leaderHint: undefined,
      limits: { keyBytesMax: 100, frameBytesMax: 34_603_008, inFlightMax: 1_024 },
    })
  })

  test.each([put('a'), get('a'), { kind: 'ping' }, { kind: 'stats' }] as const)(
    'must come before $kind',
    async (request) => {
      await using node = await TestNode.start(...fast)
      const canary = await node.open()
      const client = await node.connect()
      expect(await client.ask(request)).toMatchObject({ code: 'KV_BAD_REQUEST' })
      await client.closed
      expect(await canary.ask(get('a'))).toMatchObject({ found: undefined })
    },
  )

  test('of no common version ends the connection', async () => {
    await using node = await TestNode.start(...fast)
    const client = await node.connect()
    expect(await client.ask({ kind: 'hello', versions: [7], clientName: 'x' })).toMatchObject({
      code: 'KV_UNSUPPORTED_VERSION',
      details: { versions: [1] },
    })
    await client.closed
  })

  test('and requests may come in one piece', async () => {
    await using node = await TestNode.start(...fast)
    const client = await node.connect()
    const greeting = client.gather({ kind: 'hello', versions: [1], clientName: 'x' })
    const large = client.gather(put('a', Buffer.alloc(100_000)))
    client.send()
    expect(await greeting).toMatchObject({ kind: 'hello' })
    expect(await large).toMatchObject({ kind: 'put', version: 1 })
  })

  test('said twice is refused, and the connection goes on', async () => {
    await using node = await TestNode.start(...fast)
    const client = await node.open()
    const again = await client.ask({ kind: 'hello', versions: [1], clientName: 'x' })
    expect(again).toMatchObject({ code: 'KV_BAD_REQUEST' })
    expect(await client.ask({ kind: 'ping' })).toMatchObject({ kind: 'ping' })
  })

  test('that does not come in time ends the connection', async () => {
    await using node = await TestNode.start(...fast, '--hello-timeout-ms', '40')
    const client = await node.connect()
    await client.closed
    expect(client.lastWords).toMatchObject({ code: 'KV_TIMEOUT' })
  })
})

describe('requests', () => {
  test.each(['get', 'put', 'ping'] as const)(
    'are answered in one write per turn, however many there are: %s',
    async (kind) => {
      await using node = await TestNode.start(...fast)
      const { port } = node
      const client = await node.open()
      vi.spyOn(Store.prototype, 'borrowNow').mockReturnValue({ value: bytes('1'), version: 1 })
      vi.spyOn(Store.prototype, 'put').mockResolvedValue({ version: 1, durability: 'synced' })
      const writing = vi.spyOn(Socket.prototype, 'write')
      const requests = { get: get('a'), put: put('a'), ping: { kind: 'ping' } } as const
      const answers = Array.from({ length: 200 }, () => client.gather(requests[kind]))
      client.send()
      for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ kind })
      const ofServer = writing.mock.contexts.filter(
        (socket) => (socket as Socket).localPort === port,
      )
      expect(ofServer).toHaveLength(1)
    },
  )

  test('may come byte by byte', async () => {
    await using node = await TestNode.start(...fast)
    const client = await node.connect()
    const answers = [
      client.gather({ kind: 'hello', versions: [1], clientName: 'x' }),
      client.gather(put('key', 'value')),
      client.gather({ kind: 'ping' }),
    ]
    for (const byte of client.take()) client.sendBytes(Buffer.from([byte]))
    expect(await Promise.all(answers)).toMatchObject([
      { kind: 'hello' },
      { kind: 'put', version: 1 },
      { kind: 'ping' },
    ])
  })

  test('far more than may be in flight or fit a turn are all answered', async () => {
    const limits = ['--in-flight-max', '7', '--in-flight-bytes-max', '64KiB']
    await using node = await TestNode.start(...fast, ...limits)
    const client = await node.open()
    const puts = Array.from({ length: 2_000 }, (_, index) =>
      client.gather(put(`key ${index}`, Buffer.alloc(1_000, index))),
    )
    const gets = Array.from({ length: 2_000 }, (_, index) => client.gather(get(`key ${index}`)))
    client.send()
    const versions = (await Promise.all(puts)).map((answer) => (answer as PutAnswer).version)
    expect(versions).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1))
    for (const answer of await Promise.all(gets)) expect(answer).toMatchObject({ kind: 'get' })
  })

  test('are read no further than inFlightMax while none is answered', async () => {
    await using node = await TestNode.start(...fast, '--in-flight-max', '5')
    const stored = Promise.withResolvers<StoredValue>()
    const getting = vi.spyOn(Store.prototype, 'borrowNow').mockReturnValue(stored.promise)
    const client = await node.open()
    const answers = Array.from({ length: 20 }, () => client.gather(get('a')))
    client.send()
    const canary = await node.open()
    await until(canary, ({ requestsInFlight }) => requestsInFlight === 6)
    expect(getting).toHaveBeenCalledTimes(5)
    stored.resolve({ value: bytes('1'), version: 1 })
    await Promise.all(answers)
    expect(getting).toHaveBeenCalledTimes(20)
  })

  test('that get what is at hand ask the keydir once; others tell what they will bring', async () => {
    await using node = await TestNode.start(...fast)
    const client = await node.open()
    await client.ask(put('a'))
    const asking = vi.spyOn(Store.prototype, 'valueBytes')
    expect(await client.ask(get('a'))).toMatchObject({ kind: 'get' })
    expect(asking).not.toHaveBeenCalled()
    const stored = Promise.withResolvers<StoredValue>()
    vi.spyOn(Store.prototype, 'borrowNow').mockReturnValueOnce(stored.promise)
    const beginning = vi.spyOn(ReadGate.prototype, 'begin')
    const ending = vi.spyOn(ReadGate.prototype, 'end')
    const answer = client.ask(get('a'))
    await until(client, ({ requestsInFlight }) => requestsInFlight === 2)
    expect(beginning.mock.calls).toEqual([['value'.length]])
    expect(ending).not.toHaveBeenCalled()
    stored.resolve({ value: bytes('1'), version: 1 })
    await answer
    expect(ending.mock.calls).toEqual([['value'.length]])
  })

  test('that came before the client ended its side are answered', async () => {
    await using node = await TestNode.start(...fast)
    const client = await node.open()
    const answers = Array.from({ length: 1_000 }, (_, index) => client.gather(put(`${index}`)))
    client.send()
    client.socket.end()
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ kind: 'put' })
    await client.closed
    expect(client.lastWords).toBeUndefined()
  })

  test('whose deadline has passed before they begin are dropped', async () => {
    await using node = await TestNode.start(...fast, '--in-flight-max', '1')
    const client = await node.open()
    const late = await client.ask({ ...put('a'), context: { timeoutMs: 0 } })
    expect(late).toMatchObject({ code: 'KV_TIMEOUT' })
    const stored = Promise.withResolvers<StoredValue>()
    vi.spyOn(Store.prototype, 'borrowNow').mockReturnValueOnce(stored.promise)
    const slow = client.gather(get('a'))
    const waiting = client.gather({ ...put('a'), context: { timeoutMs: 1 } })
    const patient = client.gather({ ...put('b'), context: { timeoutMs: 60_000 } })
    client.send()
    const canary = await node.open()
    await until(canary, ({ requestsInFlight }) => requestsInFlight === 2)
    const start = performance.now()
    while (performance.now() - start < 2) await nextTurn()
    stored.resolve({ value: bytes('1'), version: 1 })
    expect(await slow).toMatchObject({ kind: 'get' })
    expect(await waiting).toMatchObject({ code: 'KV_TIMEOUT' })
    expect(await patient).toMatchObject({ kind: 'put', version: 1 })
  })

  test.each([
    ['a key', put('k'.repeat(101)), 'KV_KEY_TOO_LARGE'],
    ['a value', put('k', 'v'.repeat(1_001)), 'KV_VALUE_TOO_LARGE'],
    [
      'a batch of operations',
      {
        kind: 'batch',
        operations: Array.from({ length: 4 }, () => ({ type: 'delete', key: bytes('a') }) as const),
      },
      'KV_BATCH_TOO_LARGE',
    ],
    [
      'a getMany',
      { kind: 'getMany', keys: Array.from({ length: 4 }, () => bytes('a')) },
      'KV_BATCH_TOO_LARGE',
    ],
    ['an empty batch', { kind: 'batch', operations: [] }, 'KV_BAD_REQUEST'],
  ] as const)(
    'over a limit are refused, and the connection goes on: %s',
    async (_, request, code) => {
      const limits = ['--key-bytes-max=100', '--value-bytes-max=1000', '--batch-ops-max=3']
      await using node = await TestNode.start(...fast, ...limits)
      const client = await node.open()
      expect(await client.ask(request)).toMatchObject({ code })
      expect(await client.ask({ kind: 'ping' })).toMatchObject({ index: 0 })
    },
  )

  test('that fail inside the server are KV_INTERNAL, without a stack or a path', async () => {
    await using node = await TestNode.start(...fast)
    vi.spyOn(Store.prototype, 'borrowNow').mockImplementation(() =>
      Promise.reject(new Error('/secret/path')),
    )
    const client = await node.open()
    const error = (await client.ask(get('a'))) as KvError
    expect(error.code).toBe('KV_INTERNAL')
    expect(JSON.stringify([error.message, error.details])).not.toMatch(/secret|\.ts/)
    const line = node.lines.find(({ errorId }) => errorId === error.details?.['errorId'])
    expect(JSON.stringify(line)).toContain('/secret/path')
    expect(await client.ask({ kind: 'ping' })).toMatchObject({ kind: 'ping' })
  })
})

describe('malformed bytes end their own connection and no other:', () => {
  const writer = new FrameWriter(encodeRequest)
  writer.append(1, { kind: 'hello', versions: [1], clientName: 'x' })
  const greeting = writer.take()
  const http = bytes('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  const tls = Buffer.from('16030100c5010000c10303', 'hex')
  const noise = Buffer.from(Array.from({ length: 4_096 }, (_, index) => (index * 7919 + 131) % 251))

  test.each<[string, Buffer]>([
    ['HTTP', http],
    ['TLS', tls],
    ['Redis', bytes('*1\r\n$4\r\nPING\r\n')],
    ['zeros', Buffer.alloc(100)],
    ['noise', noise],
    ['all ones', Buffer.alloc(64, 0xff)],
    ['a frame of 16 KiB + 1 before hello', Buffer.from('00004001', 'hex')],
    ['a claim of 4 GiB after hello', Buffer.concat([greeting, Buffer.from('ffffffff', 'hex')])],
    ['an empty frame', Buffer.concat([greeting, Buffer.alloc(4)])],
    ['an unknown kind', Buffer.concat([greeting, frame(Buffer.from([0x92, 1, 99]))])],
    ['a request id of 0', Buffer.concat([greeting, frame(Buffer.from([0x92, 0, 2]))])],
    ['no array', Buffer.concat([greeting, frame(Buffer.from([0xc0]))])],
    ['a field too few', Buffer.concat([greeting, frame(Buffer.from([0x93, 1, 3, 0xc0]))])],
    ['bytes behind the request', Buffer.concat([greeting, frame(Buffer.from([0x92, 1, 2, 0]))])],
    ['a claim inside', Buffer.concat([greeting, frame(Buffer.from('940104c6ffffffffc0', 'hex'))])],
    ['deep nesting', Buffer.concat([greeting, frame(Buffer.alloc(5_000, 0x91))])],
    ['an extension type', Buffer.concat([greeting, frame(Buffer.from('940104d40000c0', 'hex'))])],
  ])('%s', async (_, garbage) => {
    await using node = await TestNode.start(...fast)
    const canary = await node.open()
    await canary.ask(put('a', '1'))
    const client = await node.connect()
    const said: Buffer[] = []
    client.socket.removeAllListeners('data')
    client.socket.on('data', (chunk: Buffer) => said.push(chunk))
    const beating = Array.from({ length: 50 }, () => canary.ask(get('a')))
    client.sendBytes(garbage)
    await client.closed
    expect(Buffer.concat(said).includes('KV_BAD_REQUEST')).toBe(true)
    for (const answer of await Promise.all(beating)) {
      expect(answer).toMatchObject({ found: { value: bytes('1') } })
    }
    await until(canary, ({ connections }) => (connections as { current: number }).current === 1)
    expect(await serverStatsOf(canary)).toMatchObject({ connections: { cut: 1 }, heldBytes: 0 })
    expect(node.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  test('but what was asked before them is answered first', async () => {
    await using node = await TestNode.start(...fast)
    const client = await node.open()
    const answers = Array.from({ length: 100 }, (_, index) => client.gather(put(`key ${index}`)))
    client.send()
    client.sendBytes(Buffer.alloc(8))
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ kind: 'put' })
    await client.closed
    expect(client.lastWords).toMatchObject({ code: 'KV_BAD_REQUEST' })
  })

  test('a flood of them is a few lines of log', async () => {
    await using node = await TestNode.start(...fast)
    for (let round = 0; round < 200; round++) {
      const client = await node.connect()
      client.sendBytes(http)
      await client.closed
    }
    const seconds = new Set(node.lines.map(({ time }) => Math.floor(Number(time) / 1_000))).size + 1
    expect(node.lines.filter(({ level }) => level === 'warn').length).toBeLessThan(12 * seconds)
  })
})

describe('a connection', () => {
  test('that is idle is closed, and a ping keeps it', async () => {
    // The real time between two pings is any on a busy machine.
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
    await using node = await TestNode.start(...fast, '--idle-timeout-ms', '80')
    const idle = await node.open()
    const pinging = await node.open()
    for (let pings = 0; pings < 20; pings++) {
      vi.advanceTimersByTime(40)
      expect(await pinging.ask({ kind: 'ping' })).toMatchObject({ kind: 'ping' })
    }
    await idle.closed
    expect(idle.lastWords).toMatchObject({ code: 'KV_TIMEOUT' })
  })

  test('whose request does not come whole is closed, although bytes drip in', async () => {
    await using node = await TestNode.start(...fast, '--frame-timeout-ms', '60')
    const client = await node.open()
    client.sendBytes(Buffer.from([0, 0, 1, 0]))
    const drip = setInterval(() => client.sendBytes(Buffer.from([0])), 10)
    await client.closed
    clearInterval(drip)
    expect(client.lastWords).toMatchObject({ code: 'KV_TIMEOUT' })
  })

  test('that dies with requests in flight leaves nothing behind', async () => {
    await using node = await TestNode.start(...fast)
    const stored = Promise.withResolvers<StoredValue>()
    vi.spyOn(Store.prototype, 'borrowNow').mockReturnValue(stored.promise)
    const canary = await node.open()
    const client = await node.open()
    for (let round = 0; round < 20; round++) void client.gather(get('a'))
    client.send()
    await until(canary, ({ requestsInFlight }) => requestsInFlight === 21)
    client.socket.resetAndDestroy()
    await until(canary, ({ connections }) => (connections as { current: number }).current === 1)
    stored.resolve({ value: bytes('1'), version: 1 })
    await until(canary, ({ requestsInFlight }) => requestsInFlight === 1)
    expect(await serverStatsOf(canary)).toMatchObject({ heldBytes: 0 })
  })
})

describe('a client that does not read its answers', () => {
  const value = Buffer.alloc(256 * 1024)

  test('is not read past the soft limit and cut when nothing moves; others go on', async () => {
    // Long enough for a look at what is held before the cut, though the thread is off its core for a while.
    const limits = ['--output-bytes-pause', '1MiB', '--write-timeout-ms', '1000']
    await using node = await TestNode.start(...fast, ...limits)
    const canary = await node.open()
    await canary.ask(put('large', value))
    const client = await node.open()
    client.socket.pause()
    for (let round = 0; round < 400; round++) void client.gather(get('large'))
    client.send()
    let heldBytesMax = 0
    await until(canary, ({ heldBytes, connections }) => {
      heldBytesMax = Math.max(heldBytesMax, Number(heldBytes))
      return (connections as { cut: number }).cut === 1
    })
    // The reads under way when the limit was reached come on top.
    expect(heldBytesMax).toBeLessThan(1024 * 1024 + 64 * (value.length + 100))
    expect(heldBytesMax).toBeGreaterThan(1024 * 1024)
    await until(canary, ({ heldBytes }) => heldBytes === 0)
    expect((await serverStatsOf(canary))['requests']).toMatchObject({ put: 1 })
  })

  test('or too slowly is cut after outputSlowMs', async () => {
    const limits = ['--output-bytes-slow', '64KiB', '--output-slow-ms', '100']
    await using node = await TestNode.start(...fast, ...limits)
    const canary = await node.open()
    await canary.ask(put('large', value))
    const client = await node.open()
    client.socket.pause()
    for (let round = 0; round < 200; round++) void client.gather(get('large'))
    client.send()
    await until(canary, ({ connections }) => (connections as { cut: number }).cut === 1)
    expect(node.lines.find(({ level }) => level === 'warn')).toMatchObject({
      reason: 'its answers were not read',
    })
  })

  test('for a while gets all of them in the end', async () => {
    await using node = await TestNode.start(...fast)
    const canary = await node.open()
    await canary.ask(put('large', value))
    const client = await node.open()
    client.socket.pause()
    const answers = Array.from({ length: 200 }, () => client.gather(get('large')))
    client.send()
    await until(canary, ({ heldBytes }) => Number(heldBytes) > 1024 * 1024)
    client.socket.resume()
    for (const answer of await Promise.all(answers)) {
      expect(answer).toMatchObject({ found: { version: 1 } })
    }
  })
})

describe('a node that holds as many bytes as it may', () => {
  test('refuses requests with KV_TRY_LATER, still tells its state, and recovers', async () => {
    await using node = await TestNode.start(...fast, '--held-bytes-max', '1MiB')
    const canary = await node.open()
    const greedy = await node.open()
    // Most of a frame, which is gathered until the budget is used up.
    greedy.sendBytes(Buffer.concat([Buffer.from([2, 0, 0, 0]), Buffer.alloc(1024 * 1024 - 100)]))
    await until(canary, ({ heldBytes }) => Number(heldBytes) > 1024 * 1024 - 100)
    const refused = await canary.ask(put('a', Buffer.alloc(1_000)))
    expect(refused).toMatchObject({ kind: 'put' })
    greedy.sendBytes(Buffer.alloc(200_000))
    await greedy.closed
    expect(greedy.lastWords).toMatchObject({
      code: 'KV_TRY_LATER',
      details: { retryAfterMs: 100 },
    })
    await until(canary, ({ heldBytes }) => heldBytes === 0)
    expect(await canary.ask(put('a'))).toMatchObject({ kind: 'put' })
  })

  test('KV_TRY_LATER for requests, while answers of others wait', async () => {
    const limits = ['--held-bytes-max', '1MiB', '--output-bytes-pause', '8MiB']
    await using node = await TestNode.start(...fast, ...limits)
    const canary = await node.open()
    const greedy = await node.open()
    greedy.socket.pause()
    // Who asks for the server's state is not refused, so these fill what the system takes and then the budget.
    let answer: unknown
    do {
      for (let round = 0; round < 200; round++) void greedy.gather({ kind: 'stats' })
      greedy.send()
      answer = await canary.ask(put('a'))
    } while (!(answer instanceof KvError))
    expect(answer).toMatchObject({ code: 'KV_TRY_LATER', details: { retryAfterMs: 100 } })
    expect(await canary.ask({ kind: 'ping' })).toMatchObject({ kind: 'ping' })
    // It does not read, so it goes.
    await until(canary, ({ heldBytes }) => Number(heldBytes) < 1024 * 1024)
    expect(await canary.ask(put('a'))).toMatchObject({ kind: 'put' })
  })

  test('begins no more reads than there is room for, when many end in one turn', async () => {
    await using node = await TestNode.start(...fast, '--held-bytes-max', '1MiB')
    const client = await node.open()
    const value = Buffer.alloc(100 * 1024)
    await client.ask(put('large', value))
    vi.spyOn(Store.prototype, 'borrowNow').mockReturnValue({ value, version: 1 })
    const answers = Array.from({ length: 60 }, () => client.gather(get('large')))
    client.send()
    const codes = (await Promise.all(answers)).map((answer) =>
      answer instanceof KvError ? answer.code : 'found',
    )
    expect(codes.filter((code) => code === 'found')).toHaveLength(10)
    expect(codes.filter((code) => code === 'KV_TRY_LATER')).toHaveLength(50)
  })
})

describe('stopping', () => {
  test('answers what is in flight, refuses what comes, says so, and closes', async () => {
    await using node = await TestNode.start(...fast)
    const stored = Promise.withResolvers<StoredValue>()
    vi.spyOn(Store.prototype, 'borrowNow').mockReturnValue(stored.promise)
    const idle = await node.open()
    const busy = await node.open()
    const inFlight = busy.ask(get('a'))
    await until(idle, ({ requestsInFlight }) => requestsInFlight === 2)
    const stopped = node.node.stop()
    await idle.closed
    expect(idle.lastWords).toMatchObject({ code: 'KV_SHUTTING_DOWN' })
    const late = await busy.ask(put('b'))
    expect(late).toMatchObject({ code: 'KV_SHUTTING_DOWN' })
    stored.resolve({ value: bytes('1'), version: 1 })
    expect(await inFlight).toMatchObject({ kind: 'get' })
    await busy.closed
    expect(busy.lastWords).toMatchObject({ code: 'KV_SHUTTING_DOWN' })
    await stopped
  })

  test('does not wait longer than drainTimeoutMs', async () => {
    await using node = await TestNode.start(...fast, '--drain-timeout-ms', '50')
    vi.spyOn(Store.prototype, 'borrowNow').mockReturnValue(new Promise(() => undefined))
    const canary = await node.open()
    const client = await node.open()
    const answer = client.ask(get('a'))
    await until(canary, ({ requestsInFlight }) => requestsInFlight === 2)
    await node.node.stop()
    expect(await answer).toMatchObject({ code: 'KV_OUTCOME_UNKNOWN' })
  })
})

describe('logs', () => {
  test('name keys at debug only, escaped, and values never', async () => {
    await using node = await TestNode.start(...fast, '--log-level', 'debug')
    const client = await node.open()
    await client.ask(put('key \x1b[31m', 'canary value'))
    await client.ask(get('key \x1b[31m'))
    const text = node.lines.map((line) => JSON.stringify(line)).join('\n')
    expect(text).toContain('key \\\\x1b[31m')
    expect(text).not.toContain('canary')
    expect(node.lines.filter(({ msg }) => msg.includes('key')).map(({ level }) => level)).toEqual([
      'debug',
      'debug',
    ])
  })
})

test('stats', async () => {
  await using node = await TestNode.start(...fast)
  const client = await node.open()
  await client.ask(put('a'))
  await client.ask(get('a'))
  await client.ask({ ...get('a'), options: { minIndex: 1 } })
  const answer = await client.ask({ kind: 'stats' })
  if (answer instanceof KvError) throw answer
  expect(answer.stats).toMatchObject({
    store: {
      keys: 1,
      appliedIndex: 1,
      operations: { puts: 1, gets: 1 },
      merges: { last: null, paused: false, progress: null, deadRatioMin: 0.3 },
    },
    server: {
      version: '0.1.0',
      connections: { current: 1, total: 1, refused: 0, cut: 0 },
      requests: { hello: 1, put: 1, get: 2, stats: 1 },
      errors: { KV_BAD_REQUEST: 1 },
      latencies: { put: { count: 1 }, get: { count: 2 } },
      settings: { inFlightMax: 1_024, durability: 'never' },
    },
  })
  expect(JSON.stringify(answer.stats)).not.toContain(node.directory)
})
