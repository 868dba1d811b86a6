import { afterEach, expect, test, vi } from 'vitest'
import type { Received } from '../test/fake-server.ts'
import { FakeStore } from '../test/fake-store.ts'
import { silent, useRigs } from '../test/rig.ts'

const start = useRigs()

afterEach(() => {
  vi.useRealTimers()
})

function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
}

function kinds(received: readonly Received[]): string[] {
  return received.map(({ request }) => request.kind)
}

test('a timeout tells what is known of the outcome', async () => {
  fakeTimers()
  const { client, server } = await start(silent, { inFlightMax: 3, requestTimeoutMs: 100 })
  const ended = Promise.all([
    expect(client.get('sent')).rejects.toMatchObject({ code: 'KV_TIMEOUT' }),
    expect(client.put('sent', '')).rejects.toMatchObject({ code: 'KV_OUTCOME_UNKNOWN' }),
    expect(client.batch().delete('sent').commit()).rejects.toMatchObject({
      code: 'KV_OUTCOME_UNKNOWN',
      outcome: 'unknown',
    }),
    expect(client.put('waiting', '')).rejects.toMatchObject({
      code: 'KV_TIMEOUT',
      outcome: 'not-applied',
      message: expect.stringContaining('nothing was done'),
    }),
  ])
  await server.until(() => server.received.length === 3)
  vi.advanceTimersByTime(99)
  expect(client.counters).toMatchObject({ inFlight: 3, waiting: 1 })
  vi.advanceTimersByTime(1)
  await ended
  expect(client.counters).toMatchObject({ inFlight: 3, waiting: 0, pendingBytes: 0, timeouts: 4 })
  expect(server.received).toHaveLength(3)
})

test('calls with timeouts of their own end one by one', async () => {
  fakeTimers()
  const { client } = await start(silent)
  const ends: number[] = []
  const calls = [50, 10, 30].map((timeoutMs) =>
    client.get('a', { timeoutMs }).catch(() => ends.push(timeoutMs)),
  )
  await vi.advanceTimersByTimeAsync(29)
  expect(ends).toEqual([10])
  await vi.advanceTimersByTimeAsync(30)
  await Promise.all(calls)
  expect(ends).toEqual([10, 30, 50])
})

test('the late answer of a call that timed out goes to nobody, and the connection stays', async () => {
  fakeTimers()
  const { client, server } = await start(silent)
  const timedOut = expect(client.get('a', { timeoutMs: 10 })).rejects.toMatchObject({
    code: 'KV_TIMEOUT',
  })
  await server.until(() => server.received.length === 1)
  vi.advanceTimersByTime(10)
  await timedOut
  const late = server.received[0]!
  server.handle = ({ id, request }, from) => {
    if (request.kind !== 'get') return
    from.answer(late.id, { kind: 'get', found: { value: Buffer.from('late'), version: 1 } })
    from.answer(id, { kind: 'get', found: { value: Buffer.from('mine'), version: 2 } })
  }
  expect((await client.get('b'))?.value.toString()).toBe('mine')
  expect(client.counters).toMatchObject({ reconnects: 0 })
})

test('a server that says nothing at all any more is given up', async () => {
  fakeTimers()
  const { client, server } = await start(silent, { reconnect: { delayMsMin: 1 } })
  const timedOut = expect(client.get('a', { timeoutMs: 10 })).rejects.toMatchObject({
    code: 'KV_TIMEOUT',
  })
  await server.until(() => server.received.length === 1)
  vi.advanceTimersByTime(10)
  await timedOut
  await server.until(() => kinds(server.received).includes('ping'))
  vi.advanceTimersByTime(5_000)
  expect(client.counters.state).toBe('reconnecting')
  vi.useRealTimers()
})

test('a signal ends a call that waits, and one in flight; the server is asked no more', async () => {
  const { client, server } = await start(silent, { inFlightMax: 1 })
  const abort = new AbortController()
  const { signal } = abort
  const sent = client.put('sent', '', { signal }).catch((reason: unknown) => reason)
  const waiting = client.put('waiting', '', { signal }).catch((reason: unknown) => reason)
  await server.until(() => server.received.length === 1)
  const reason = new Error('the user left')
  abort.abort(reason)
  expect(await sent).toMatchObject({ code: 'KV_CANCELLED', details: { sent: true }, cause: reason })
  expect(await waiting).toMatchObject({ code: 'KV_CANCELLED', details: { sent: false } })
  await expect(client.get('late', { signal })).rejects.toMatchObject({ code: 'KV_CANCELLED' })
  server.handle = new FakeStore().handle
  server.newest.answer(server.received[0]!.id, {
    kind: 'put',
    version: 1,
    term: 1,
    durability: 'written',
  })
  await client.ping()
  expect(kinds(server.received)).toEqual(['put', 'ping'])
})

test('a signal for many calls is left clean, and warns of nothing', async () => {
  const warn = vi.spyOn(process, 'emitWarning')
  const { client } = await start(new FakeStore().handle)
  const { signal } = new AbortController()
  const remove = vi.spyOn(signal, 'removeEventListener')
  await Promise.all(Array.from({ length: 100 }, () => client.get('a', { signal })))
  expect(remove).toHaveBeenCalledTimes(100)
  expect(warn).not.toHaveBeenCalled()
})

test('beyond waitingMax a call is refused at once', async () => {
  const { client } = await start(silent, { inFlightMax: 1, waitingMax: 2 })
  const pending = [client.get('1'), client.get('2'), client.get('3')].map((call) =>
    call.catch(() => {}),
  )
  await expect(client.get('4')).rejects.toMatchObject({
    code: 'KV_TRY_LATER',
    retryable: true,
    outcome: 'not-applied',
  })
  expect(client.counters).toMatchObject({ inFlight: 1, waiting: 2, refused: 1 })
  expect(pending).toHaveLength(3)
})

test('beyond pendingBytesMax a call is refused, but one alone may have any size', async () => {
  const { client, server } = await start(silent, { pendingBytesMax: 100 })
  const large = client.put('key', Buffer.alloc(1_000))
  await expect(client.put('key', '')).rejects.toMatchObject({ code: 'KV_TRY_LATER' })
  server.handle = new FakeStore().handle
  await server.until(() => server.received.length === 1)
  server.newest.answer(server.received[0]!.id, {
    kind: 'put',
    version: 1,
    term: 1,
    durability: 'written',
  })
  await large
  await client.put('key', '')
})

test('with more calls than room all are answered, oldest first', async () => {
  const { client, server } = await start(new FakeStore().handle, { inFlightMax: 4 })
  const calls = Array.from({ length: 100 }, (_, index) => client.put(`k${index}`, ''))
  expect(client.counters).toMatchObject({ inFlight: 4, waiting: 96 })
  const versions = (await Promise.all(calls)).map(({ version }) => version)
  expect(versions).toEqual(Array.from({ length: 100 }, (_, index) => index + 1))
  expect(server.received).toHaveLength(100)
})

test('a server that stops reading fills neither the socket nor memory', async () => {
  const store = new FakeStore()
  const { client, server } = await start(store.handle, { pendingBytesMax: 2 ** 30 })
  await client.ping()
  server.newest.socket.pause()
  const value = Buffer.alloc(1_000_000)
  const calls: Promise<unknown>[] = []
  while (client.counters.waiting === 0) {
    calls.push(client.put('key', value))
    await new Promise(setImmediate)
  }
  for (let index = 0; index < 10; index++) calls.push(client.put('key', value))
  expect(client.counters.waiting).toBe(11)
  server.newest.socket.resume()
  await Promise.all(calls)
  expect(store.version).toBe(calls.length)
})

test('close waits for what is under way, and takes nothing new', async () => {
  const { client, server } = await start(silent, { inFlightMax: 1 })
  const calls = Promise.all([client.put('sent', ''), client.put('waiting', '')])
  const closing = client.close()
  await expect(client.get('new')).rejects.toMatchObject({ code: 'KV_CLOSED' })
  await server.until(() => server.received.length === 1)
  expect(client.counters.state).toBe('connected')
  const { handle } = new FakeStore()
  server.handle = handle
  handle(server.received[0]!, server.newest)
  await calls
  await closing
  expect(client.counters.state).toBe('closed')
  await client.close()
})

test('close does not wait for answers that nobody waits for', async () => {
  const { client, server } = await start(silent)
  const abort = new AbortController()
  const call = client.get('a', { signal: abort.signal }).catch(() => {})
  await server.until(() => server.received.length === 1)
  abort.abort()
  await call
  await client.close()
  await server.until(() => server.newest.socket.destroyed)
})

test('a connection lost while closing ends the calls under way', async () => {
  const { client, server } = await start(silent, { inFlightMax: 2 })
  const calls = [client.put('a', ''), client.get('b'), client.get('waiting')]
  const codes = Promise.all(
    calls.map((call) => call.catch((error: { code: string }) => error.code)),
  )
  await server.until(() => server.received.length === 2)
  const closing = client.close()
  server.dropAll()
  expect(await codes).toEqual(['KV_OUTCOME_UNKNOWN', 'KV_CLOSED', 'KV_CLOSED'])
  await closing
  expect(server.connections).toHaveLength(1)
})
