import type { Answer } from '@kv/protocol'
import {
  encodeRequest,
  FrameDecoder,
  FrameWriter,
  KvError,
  serverLimitsDefault,
} from '@kv/protocol'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { answerFrame } from '../test/fake-server.ts'
import { MemorySocket } from '../test/memory-socket.ts'
import { Call } from './call.ts'
import type { ConnectionOwner } from './connection.ts'
import { Connection } from './connection.ts'
import { settingsOf } from './options.ts'

type End = { readonly value: unknown } | { readonly error: unknown }

const key = Buffer.from('k')
const value = Buffer.from('value')
const getFrame = answerFrame(2, { kind: 'get', found: { value, version: 7 } })

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

class Owner implements ConnectionOwner {
  readonly losses: { error: KvError; calls: readonly Call[] }[] = []
  progress = 0

  progressed(): void {
    this.progress++
  }

  lost(error: KvError, calls: readonly Call[]): void {
    this.losses.push({ error, calls })
  }
}

function open(limits: Partial<typeof serverLimitsDefault> = {}) {
  const socket = new MemorySocket()
  const owner = new Owner()
  const hello = {
    kind: 'hello' as const,
    version: 1,
    nodeId: 'n1',
    clusterId: 'c1',
    limits: { ...serverLimitsDefault, ...limits },
    serverVersion: '0.1.0',
  }
  const handshake = {
    socket: socket.asSocket,
    decoder: new FrameDecoder(64, 'KV_BAD_ANSWER'),
    hello,
  }
  const connection = new Connection(handshake, settingsOf({}), owner)
  connection.start()
  return { socket, owner, connection }
}

/** Sends a call; how it ended is in `ends`. Ids are given from 2 on. */
function send(connection: Connection, kind: 'get' | 'put', ends: End[] = []): Call {
  const nobody = { settled() {}, cancelled() {} }
  const settlement = {
    read: (answer: Answer) => answer,
    resolve: (value: unknown) => void ends.push({ value }),
    reject: (error: unknown) => void ends.push({ error }),
  }
  const request = kind === 'get' ? { kind, key } : { kind, key, value }
  const call = new Call(nobody, request, settlement, 1_000, undefined)
  connection.send(call)
  return call
}

test('reads of one turn leave in a few writes, the first at once, and those of the next turn as well', () => {
  const { socket, connection } = open()
  send(connection, 'get')
  expect(socket.written).toHaveLength(1)
  for (let index = 1; index < 100; index++) send(connection, 'get')
  vi.runAllTimers()
  expect(socket.written).toHaveLength(5)
  const writer = new FrameWriter(encodeRequest)
  for (let id = 2; id < 102; id++) writer.append(id, { kind: 'get', key })
  expect(Buffer.concat(socket.written)).toEqual(writer.take())
  send(connection, 'get')
  expect(socket.written).toHaveLength(6)
})

test('writes of one turn leave in one write, until the server has answered one before its disk had it', () => {
  const { socket, connection } = open()
  for (let index = 0; index < 100; index++) send(connection, 'put')
  expect(socket.written).toHaveLength(0)
  vi.runAllTimers()
  expect(socket.written).toHaveLength(1)
  const answered = (id: number, durability: 'written' | 'synced'): void =>
    socket.receive(answerFrame(id, { kind: 'put', version: id, term: 1, durability }))
  answered(2, 'written')
  send(connection, 'put')
  expect(socket.written).toHaveLength(2)
  vi.runAllTimers()
  answered(3, 'synced')
  send(connection, 'put')
  expect(socket.written).toHaveLength(2)
  vi.runAllTimers()
  expect(socket.written).toHaveLength(3)
  const writer = new FrameWriter(encodeRequest)
  writer.append(103, { kind: 'put', key, value })
  expect(socket.written[2]).toEqual(writer.take())
})

test('an answer cut at any byte arrives as one', () => {
  for (let cut = 0; cut <= getFrame.length; cut++) {
    const { socket, connection } = open()
    const ends: End[] = []
    send(connection, 'get', ends)
    socket.receive(getFrame.subarray(0, cut))
    expect(ends).toHaveLength(cut === getFrame.length ? 1 : 0)
    socket.receive(getFrame.subarray(cut))
    expect(ends).toEqual([{ value: { kind: 'get', found: { value, version: 7 } } }])
  }
})

test('an answer that comes byte by byte arrives as one', () => {
  const { socket, connection } = open()
  const ends: End[] = []
  send(connection, 'get', ends)
  for (const byte of getFrame) socket.receive(Buffer.from([byte]))
  expect(ends).toHaveLength(1)
})

test.each(['end', 'close', 'error'] as const)(
  'an answer that breaks off at any byte with %s is no answer: the calls are handed back',
  (event) => {
    for (let cut = 0; cut < getFrame.length; cut++) {
      const { socket, owner, connection } = open()
      const ends: End[] = []
      const calls = [send(connection, 'get', ends), send(connection, 'put', ends)]
      socket.receive(getFrame.subarray(0, cut))
      socket.emit(event, new Error('reset'))
      socket.emit('close')
      expect(ends).toEqual([])
      expect(owner.losses).toHaveLength(1)
      expect(owner.losses[0]?.calls).toEqual(calls)
      expect(owner.losses[0]?.error.code).toBe('KV_UNREACHABLE')
      expect(connection.canSend).toBe(false)
    }
  },
)

test('any single bit turned in an answer gives a result or a KvError, and nothing is thrown', () => {
  let faults = 0
  for (let bit = 0; bit < getFrame.length * 8; bit++) {
    const { socket, owner, connection } = open()
    const ends: End[] = []
    send(connection, 'get', ends)
    const damaged = Buffer.from(getFrame)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    socket.receive(damaged)
    for (const end of ends) if ('error' in end) expect(end.error).toBeInstanceOf(KvError)
    for (const { error } of owner.losses) expect(error.code).toBe('KV_BAD_ANSWER')
    faults += owner.losses.length
    expect(connection.canSend).toBe(owner.losses.length === 0)
  }
  expect(faults).toBeGreaterThan(20)
})

test('an answer finds its call by its id, in whatever order', () => {
  const { socket, connection } = open()
  const ends: End[][] = []
  for (let index = 0; index < 50; index++) send(connection, 'get', (ends[index] = []))
  for (let id = 51; id >= 2; id--) {
    socket.receive(answerFrame(id, { kind: 'get', found: { value, version: id } }))
  }
  expect(ends).toEqual(
    ends.map((_, index) => [{ value: { kind: 'get', found: { value, version: index + 2 } } }]),
  )
})

test.each<[string, Buffer]>([
  ['an id that no request has', answerFrame(99, { kind: 'ping', index: 1 })],
  ['the id of hello, a second time', answerFrame(1, { kind: 'ping', index: 1 })],
  [
    'the answer of another kind',
    answerFrame(2, { kind: 'put', version: 1, term: 1, durability: 'synced' }),
  ],
  ['no message', Buffer.from('00000003ffffff', 'hex')],
  ['an empty frame', Buffer.alloc(4)],
  ['a frame of 4 GiB', Buffer.from('ffffffff92', 'hex')],
  ['an http server', Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')],
])('%s ends the connection with KV_BAD_ANSWER, and what follows is not read', (_, frame) => {
  const { socket, owner, connection } = open()
  const ends: End[] = []
  send(connection, 'get')
  const other = send(connection, 'get', ends)
  const good = answerFrame(3, { kind: 'get', found: undefined })
  socket.receive(Buffer.concat([frame, good]))
  socket.receive(good)
  expect(owner.losses).toHaveLength(1)
  expect(owner.losses[0]?.error.code).toBe('KV_BAD_ANSWER')
  expect(owner.losses[0]?.calls).toContain(other)
  expect(ends).toEqual([])
  expect(socket.destroyed).toBe(true)
  expect(connection.canSend).toBe(false)
})

test('a duplicate answer is an answer to nothing', () => {
  const { socket, owner, connection } = open()
  const ends: End[] = []
  send(connection, 'get', ends)
  socket.receive(Buffer.concat([getFrame, getFrame]))
  expect(ends).toHaveLength(1)
  expect(owner.losses[0]?.error.code).toBe('KV_BAD_ANSWER')
})

test('a duplicate answer never reaches the next caller', () => {
  const { socket, owner, connection } = open()
  const ends: End[] = []
  send(connection, 'get')
  socket.receive(getFrame)
  send(connection, 'get', ends)
  socket.receive(getFrame)
  expect(ends).toEqual([])
  expect(owner.losses).toHaveLength(1)
})

test('the late answer to a call given up is dropped once, and nobody gets it', () => {
  const { socket, owner, connection } = open()
  const ends: End[] = []
  send(connection, 'get').fail(new Error('given up'))
  send(connection, 'get', ends)
  socket.receive(getFrame)
  expect(ends).toEqual([])
  expect(owner.losses).toEqual([])
  socket.receive(answerFrame(3, { kind: 'get', found: undefined }))
  expect(ends).toEqual([{ value: { kind: 'get', found: undefined } }])
  socket.receive(getFrame)
  expect(owner.losses).toHaveLength(1)
})

test('an error about the connection ends it with that error', () => {
  const { socket, owner, connection } = open()
  const call = send(connection, 'put')
  socket.receive(answerFrame(0, new KvError('KV_SHUTTING_DOWN', 'bye')))
  expect(owner.losses).toEqual([
    { error: expect.objectContaining({ code: 'KV_SHUTTING_DOWN' }), calls: [call] },
  ])
})

test('a request the server would refuse is not sent, and takes no place', () => {
  const { connection } = open({ keyBytesMax: 0 })
  expect(() => send(connection, 'get')).toThrow(
    expect.objectContaining({ code: 'KV_KEY_TOO_LARGE' }),
  )
  expect(connection.inFlight).toBe(0)
})

test('requests in flight are bounded by the lower of both limits', () => {
  const { socket, connection } = open({ inFlightMax: 1 })
  send(connection, 'get')
  expect(connection.canSend).toBe(false)
  socket.receive(getFrame)
  expect(connection.canSend).toBe(true)
})

test('a full socket takes no more until it has drained', async () => {
  const { socket, owner, connection } = open()
  socket.hold()
  for (let index = 0; index < 100; index++) send(connection, 'put')
  vi.runAllTimers()
  expect(connection.canSend).toBe(false)
  const { progress } = owner
  socket.release()
  await vi.waitUntil(() => connection.canSend)
  expect(owner.progress).toBe(progress + 1)
})

test('a socket that is full in the middle of a turn takes the rest at its end', async () => {
  const { socket, connection } = open()
  socket.hold()
  const writer = new FrameWriter(encodeRequest)
  for (let id = 2; id < 1_002; id++) {
    expect(connection.canSend, `request ${id}`).toBe(true)
    send(connection, 'get')
    writer.append(id, { kind: 'get', key })
  }
  const all = writer.take()
  expect(socket.writableNeedDrain).toBe(true)
  expect(socket.writableLength).toBeLessThan(all.length)
  vi.runAllTimers()
  expect(connection.canSend).toBe(false)
  expect(socket.writableLength).toBe(all.length)
  socket.release()
  await vi.waitUntil(() => connection.canSend)
  expect(Buffer.concat(socket.written)).toEqual(all)
})

test('a connection under suspicion is given up in silence, and kept for any sign of life', () => {
  const { socket, owner, connection } = open()
  send(connection, 'get')
  connection.suspect()
  connection.suspect()
  expect(connection.inFlight).toBe(2)
  vi.advanceTimersByTime(4_999)
  socket.receive(answerFrame(3, { kind: 'ping', index: 1 }))
  vi.advanceTimersByTime(10_000)
  expect(owner.losses).toEqual([])
  connection.suspect()
  vi.advanceTimersByTime(5_000)
  expect(owner.losses[0]?.error.message).toContain('silent for 5000 ms')
})

test('ended, it tells its owner of no loss', async () => {
  const { socket, owner, connection } = open()
  send(connection, 'get').fail(new Error('given up'))
  await connection.end()
  expect(socket.written).toHaveLength(1)
  expect(socket.destroyed).toBe(true)
  expect(owner.losses).toEqual([])
})

test('a server that has stopped reading does not hold the end up', async () => {
  const { socket, connection } = open()
  socket.hold()
  send(connection, 'put').fail(new Error('given up'))
  await connection.end()
  expect(socket.destroyed).toBe(true)
})
