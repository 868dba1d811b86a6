import type { ErrorCode } from '@kv/protocol'
import { errorTable, KvError } from '@kv/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import type { Handle } from '../test/fake-server.ts'
import { FakeStore } from '../test/fake-store.ts'
import { useRigs } from '../test/rig.ts'
import type { Bytes } from './bytes.ts'
import type { CallOptions, PutOptions } from './call-options.ts'

const start = useRigs()

afterEach(() => {
  vi.useRealTimers()
})

test('what is put is got, and gone when deleted', async () => {
  const { client } = await start(new FakeStore().handle)
  expect(await client.put('user:1', 'Ada')).toEqual({ version: 1, durability: 'written' })
  const got = await client.get(Buffer.from('user:1'))
  expect(got).toEqual({ value: Buffer.from('Ada'), version: 1 })
  expect(await client.delete('user:1')).toEqual({
    existed: true,
    version: 2,
    durability: 'written',
  })
  expect(await client.get('user:1')).toBeUndefined()
  expect(await client.delete('user:1')).toEqual({
    existed: false,
    version: undefined,
    durability: 'written',
  })
})

test('getMany answers in the order of the keys', async () => {
  const { client } = await start(new FakeStore().handle)
  await client.put('b', '2')
  await client.put('a', '1')
  const found = await client.getMany(new Set(['a', 'nothing', 'b']))
  expect(found.map((each) => each?.value.toString())).toEqual(['1', undefined, '2'])
  expect(await client.getMany([])).toEqual([])
})

test('a getMany with an answer missing is KV_BAD_ANSWER, as the others would be mistaken', async () => {
  const { client } = await start(({ id }, from) => {
    from.answer(id, { kind: 'getMany', found: [undefined] })
  })
  await expect(client.getMany(['a', 'b'])).rejects.toMatchObject({ code: 'KV_BAD_ANSWER' })
  expect(client.counters.state).toBe('reconnecting')
})

test('stats, merge and ping', async () => {
  const { client } = await start(new FakeStore().handle)
  await client.put('a', '1')
  expect(await client.stats()).toEqual({ keys: 1 })
  expect(await client.merge()).toEqual({ segments: 0 })
  expect(await client.pauseMerges()).toEqual({ paused: true })
  expect(await client.resumeMerges()).toEqual({ paused: false })
  expect(await client.ping()).toEqual({ index: 1 })
})

test('any bytes are a key and a value', async () => {
  const { client } = await start(new FakeStore().handle)
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
  await client.put(bytes, bytes)
  expect((await client.get(bytes))?.value).toEqual(Buffer.from(bytes))
  await client.put('empty', '')
  expect((await client.get('empty'))?.value).toHaveLength(0)
})

test('a value that is kept does not keep what came with it', async () => {
  const { client } = await start(new FakeStore().handle)
  await client.put('small', 'x'.repeat(10))
  await client.put('large', 'x'.repeat(100_000))
  const [small, large] = await client.getMany(['small', 'large'])
  expect(small?.value.buffer.byteLength).toBeLessThan(100_000)
  expect(large?.value).toHaveLength(100_000)
})

test('bytes are the caller’s again when the call has returned', async () => {
  const { client, server } = await start(new FakeStore().handle, { inFlightMax: 1 })
  const bytes = Buffer.from('abc')
  const calls = [client.put('sent', bytes), client.put('waiting', bytes)]
  const batch = client.batch().put('batch', bytes)
  const key = Buffer.from('sent')
  const got = client.get(key)
  bytes.fill(0)
  key.fill(0)
  await Promise.all(calls)
  await batch.commit()
  expect((await got)?.value.toString()).toBe('abc')
  expect((await client.get('waiting'))?.value.toString()).toBe('abc')
  expect((await client.get('batch'))?.value.toString()).toBe('abc')
  expect(server.connections).toHaveLength(1)
})

test('conditions, durability and the timeout travel', async () => {
  // What travels is the time that is left.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  const { client, server } = await start(new FakeStore().handle, { requestTimeoutMs: 1_234 })
  await client.put('a', '1', {
    ifAbsent: true,
    ttlMs: 60_000,
    durability: 'written',
    timeoutMs: 77,
  })
  await client.delete('a', { ifVersion: 1 })
  await client.merge()
  await client.pauseMerges()
  await client.resumeMerges({ timeoutMs: 88 })
  expect(server.received.map(({ request }) => request)).toMatchObject([
    {
      kind: 'put',
      options: { ifAbsent: true, ttlMs: 60_000, durability: 'written' },
      context: { timeoutMs: 77 },
    },
    { kind: 'delete', options: { ifVersion: 1 }, context: { timeoutMs: 1_234 } },
    { kind: 'merge', action: 'now', context: { timeoutMs: 600_000 } },
    { kind: 'merge', action: 'pause', context: { timeoutMs: 1_234 } },
    { kind: 'merge', action: 'resume', context: { timeoutMs: 88 } },
  ])
})

test('wrong arguments reject with a TypeError or RangeError, and never throw', async () => {
  const { client, server } = await start(new FakeStore().handle)
  const none = undefined as unknown as Bytes
  await expect(client.get(none)).rejects.toThrow(TypeError)
  await expect(client.put('a', 5 as unknown as Bytes)).rejects.toThrow(/^value must be a string or/)
  await expect(client.getMany(['a', none])).rejects.toThrow(/^each of keys must be/)
  await expect(client.get('a', { timeoutMs: 0 })).rejects.toThrow(RangeError)
  await expect(client.put('a', '', { ttlMs: 0 })).rejects.toThrow(/^ttlMs must be/)
  await expect(client.get('a', { signal: 1 } as unknown as CallOptions)).rejects.toThrow(/^signal/)
  await expect(client.put('a', '', { ifVersion: -1 })).rejects.toThrow(/^ifVersion must be/)
  await expect(client.put('a', '', { ifVersion: 1, ifAbsent: true })).rejects.toThrow(/exclude/)
  await expect(client.put('a', '', { durability: 'x' } as unknown as PutOptions)).rejects.toThrow(
    'durability must be one of written, synced, majority',
  )
  expect(() => client.range({ limit: -1 })).toThrow(RangeError)
  expect(() => client.range({ timeoutMs: -1 })).toThrow(RangeError)
  expect(server.received).toEqual([])
  expect(client.counters).toMatchObject({ inFlight: 0, waiting: 0, pendingBytes: 0 })
})

test('each error of the table arrives typed, with its traits and details', async () => {
  let code: ErrorCode = 'KV_INTERNAL'
  const refuse: Handle = ({ id }, from) => {
    from.answer(id, new KvError(code, `it is ${code}`, { details: { version: 7 } }))
  }
  const { client, server } = await start(refuse)
  for (code of Object.keys(errorTable) as ErrorCode[]) {
    const { retryable, outcome } = errorTable[code]
    const expected = { code, retryable, outcome, message: `it is ${code}`, details: { version: 7 } }
    for (const call of [
      client.get('a'),
      client.put('a', 'b'),
      client.batch().delete('a').commit(),
    ]) {
      const error = await call.catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(KvError)
      expect(error).toMatchObject(expected)
    }
  }
  expect(server.connections).toHaveLength(1)
})

test('it tells whom it is connected to, and what it has under way', async () => {
  const { client, server } = await start(new FakeStore().handle)
  expect(client.server).toMatchObject({ address: server.url, nodeId: 'n1', clusterId: 'c1' })
  const put = client.put('key', 'value')
  expect(client.counters).toEqual({
    state: 'connected',
    inFlight: 1,
    waiting: 0,
    pendingBytes: 8,
    reconnects: 0,
    retries: 0,
    timeouts: 0,
    refused: 0,
  })
  await put
  expect(client.counters).toMatchObject({ inFlight: 0, pendingBytes: 0 })
})

test('`await using` closes it', async () => {
  const { client, server } = await start(new FakeStore().handle)
  {
    await using kv = client
    await kv.ping()
  }
  await server.until(() => server.newest.socket.destroyed)
  await expect(client.ping()).rejects.toMatchObject({ code: 'KV_CLOSED' })
})
