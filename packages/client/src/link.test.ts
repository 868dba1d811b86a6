import { Socket } from 'node:net'
import type { KvError } from '@kv/protocol'
import { KvError as KvFailure } from '@kv/protocol'
import { expect, test, vi } from 'vitest'
import { FakeStore } from '../test/fake-store.ts'
import { Progress } from '../test/progress.ts'
import { silent, useRigs } from '../test/rig.ts'
import type { ClientState, ConnectOptions } from './options.ts'

const start = useRigs()

/** Quick attempts, and what the client tells of its state. */
function watched(options: ConnectOptions = {}) {
  const progress = new Progress()
  const states: ClientState[] = []
  const causes: (KvError | undefined)[] = []
  const watching: ConnectOptions = {
    reconnect: { delayMsMin: 1, delayMsMax: 5 },
    ...options,
    onStateChange: (state, cause) => {
      states.push(state)
      causes.push(cause)
      progress.changed()
    },
  }
  return {
    options: watching,
    states,
    causes,
    reached: (state: ClientState) => progress.until(() => states.at(-1) === state),
  }
}

test('after a loss writes in flight have an unknown outcome, and reads are asked again', async () => {
  const { client, server } = await start(silent, watched().options)
  const put = client.put('a', '1').catch((error: unknown) => error)
  const batch = client
    .batch()
    .put('b', '2')
    .commit()
    .catch((error: unknown) => error)
  const merge = client.merge().catch((error: unknown) => error)
  const get = client.get('a')
  const many = client.getMany(['a'])
  await server.until(() => server.received.length === 5)
  const store = new FakeStore()
  server.handle = store.handle
  server.dropAll()
  for (const write of [put, batch, merge]) {
    expect(await write).toMatchObject({ code: 'KV_OUTCOME_UNKNOWN', outcome: 'unknown' })
  }
  expect(await get).toBeUndefined()
  expect(await many).toEqual([undefined])
  expect(store.version).toBe(0)
  expect(server.newest.received.map(({ request }) => request.kind)).toEqual(['get', 'getMany'])
  expect(client.counters).toMatchObject({ state: 'connected', reconnects: 1, retries: 2 })
})

test('calls made without a connection wait for the next one', async () => {
  const { options, states, causes, reached } = watched()
  const store = new FakeStore()
  const { client, server } = await start(store.handle, options)
  await server.close()
  await reached('reconnecting')
  const calls = [client.put('a', '1'), client.get('a')] as const
  expect(client.counters).toMatchObject({ inFlight: 0, waiting: 2 })
  await server.listen()
  await Promise.all(calls)
  expect(states).toEqual(['connected', 'reconnecting', 'connected'])
  expect(causes.map((cause) => cause?.code)).toEqual([undefined, 'KV_UNREACHABLE', undefined])
})

test('a call that waits in vain ends in time, unsent', async () => {
  const { options, reached } = watched({ waitingMax: 1 })
  const { client, server } = await start(silent, options)
  await server.close()
  await reached('reconnecting')
  const call = client.put('a', '', { timeoutMs: 5 })
  await expect(client.put('b', '')).rejects.toMatchObject({ code: 'KV_TRY_LATER' })
  await expect(call).rejects.toMatchObject({
    code: 'KV_UNREACHABLE',
    outcome: 'not-applied',
    message: expect.stringMatching(
      /waited for a connection until its 5 ms were over: .*kv:\/\/127/,
    ),
  })
})

test('when attempts are used up waiting calls fail, and the next call begins anew', async () => {
  const { options, reached } = watched({ reconnect: { attemptsMax: 2, delayMsMin: 1 } })
  const { client, server } = await start(new FakeStore().handle, options)
  await server.close()
  await expect(client.get('a')).rejects.toMatchObject({ code: 'KV_UNREACHABLE' })
  await reached('disconnected')
  await expect(client.put('a', '')).rejects.toMatchObject({ code: 'KV_UNREACHABLE' })
  await server.listen()
  await client.put('a', '1')
  expect(client.counters.state).toBe('connected')
})

test('a server that refuses the client for good is not asked again before the next call', async () => {
  const { options, causes, reached } = watched()
  const { client, server } = await start(new FakeStore().handle, options)
  server.handleHello = ({ id }, from) => {
    from.answer(id, new KvFailure('KV_UNAUTHENTICATED', 'no'))
  }
  server.dropAll()
  await reached('disconnected')
  expect(causes.at(-1)?.code).toBe('KV_UNAUTHENTICATED')
  await expect(client.get('a')).rejects.toMatchObject({ code: 'KV_UNAUTHENTICATED' })
  expect(server.connections).toHaveLength(3)
})

test('a server that is none any more leaves nothing unknown for what was not sent', async () => {
  const { options, reached } = watched()
  const { client, server } = await start(silent, options)
  server.handleHello = ({ id }, from) => from.answer(id, { kind: 'ping', index: 1 })
  server.dropAll()
  await reached('reconnecting')
  await expect(client.put('a', '')).rejects.toMatchObject({
    code: 'KV_UNREACHABLE',
    outcome: 'not-applied',
    cause: expect.objectContaining({ code: 'KV_BAD_ANSWER' }),
  })
})

test('a read that no connection survives fails in the end', async () => {
  const { client, server } = await start((_, { socket }) => socket.destroy(), watched().options)
  await expect(client.get('poison')).rejects.toMatchObject({
    code: 'KV_UNREACHABLE',
    retryable: true,
  })
  expect(server.received).toHaveLength(6)
})

test('a server that answers nothing but hello is asked less and less often', async () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(0)
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const { options, reached } = watched({ reconnect: { delayMsMin: 1, attemptsMax: 4 } })
  const { server } = await start(silent, options)
  server.handleHello = ({ id }, from) => {
    server.welcome(id, from)
    from.socket.end()
  }
  server.dropAll()
  await reached('disconnected')
  const delays = timers.mock.calls.map(([, delay]) => delay).filter((delay) => Number(delay) < 100)
  expect(delays).toEqual([1, 2, 4, 8])
  random.mockRestore()
  timers.mockRestore()
})

test('closed while reconnecting, it tries no more and waiting calls end', async () => {
  const { options, states, reached } = watched({ reconnect: { delayMsMin: 60_000 } })
  const { client, server } = await start(silent, options)
  server.dropAll()
  await reached('reconnecting')
  const call = expect(client.get('a')).rejects.toMatchObject({ code: 'KV_CLOSED' })
  await client.close()
  await call
  await reached('closed')
  expect(states).toEqual(['connected', 'reconnecting', 'closed'])
})

test('closed in the middle of hello, it leaves no socket', async () => {
  const { options, reached } = watched()
  const { client, server } = await start(silent, options)
  server.handleHello = silent
  server.dropAll()
  await reached('reconnecting')
  await server.until(() => server.connections.length === 2)
  await client.close()
  await server.until(() => server.newest.socket.destroyed)
})

test('closed in the moment hello is through, it leaves no socket', async () => {
  const { options } = watched()
  const { client, server } = await start(silent, options)
  const closing = new Promise<void>((resolve) => {
    // The handshake pauses its socket when it hands it over.
    vi.spyOn(Socket.prototype, 'pause').mockImplementationOnce(function (this: Socket) {
      resolve(client.close())
      return this
    })
  })
  server.dropAll()
  await closing
  await server.until(() => server.newest.socket.destroyed)
  expect(server.connections).toHaveLength(2)
})

test('a protocol error costs the connection, not the client', async () => {
  const store = new FakeStore()
  const { client, server } = await start(silent, watched().options)
  const get = client.get('a')
  const put = client.put('a', '').catch((error: unknown) => error)
  await server.until(() => server.received.length === 2)
  server.handle = store.handle
  server.newest.answer(4_000, { kind: 'ping', index: 1 })
  expect(await get).toBeUndefined()
  expect(await put).toMatchObject({
    code: 'KV_OUTCOME_UNKNOWN',
    cause: expect.objectContaining({ code: 'KV_BAD_ANSWER' }),
  })
  expect(server.connections).toHaveLength(2)
})
