import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { KvError } from '@kv/protocol'
import { afterEach, expect, test, vi } from 'vitest'
import type { Handle } from '../test/fake-server.ts'
import { answerFrame, FakeServer } from '../test/fake-server.ts'
import { silent } from '../test/rig.ts'
import { connect } from './connect.ts'

const servers: FakeServer[] = []

afterEach(async () => {
  vi.useRealTimers()
  for (const server of servers.splice(0)) await server.close()
})

async function serverWith(handleHello: Handle): Promise<FakeServer> {
  const server = await FakeServer.listen(silent)
  server.handleHello = handleHello
  servers.push(server)
  return server
}

test('hello names the client and the versions it speaks', async () => {
  const hellos: unknown[] = []
  const server = await serverWith((received, from) => {
    hellos.push(received.request)
    server.welcome(received.id, from)
  })
  const client = await connect(server.url, { clientName: 'shop' })
  expect(hellos).toMatchObject([{ kind: 'hello', versions: [1], clientName: 'shop' }])
  await client.close()
})

test('where nothing listens, the error names the address and what to do', async () => {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')
  const error = await connect({ port }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(KvError)
  expect(error).toMatchObject({ code: 'KV_UNREACHABLE', outcome: 'not-applied', retryable: true })
  expect((error as KvError).message).toBe(
    `no connection to kv://127.0.0.1:${port} (ECONNREFUSED); nothing was sent: is the node running? start it with npm start`,
  )
})

test('wrong options reject, and never throw', async () => {
  await expect(connect('http://127.0.0.1')).rejects.toThrow(TypeError)
  await expect(connect({ port: 0 })).rejects.toThrow(RangeError)
})

test('who takes the connection and says nothing is given up in time', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  let hellos = 0
  const server = await serverWith(() => hellos++)
  const failed = expect(connect(server.url)).rejects.toMatchObject({
    code: 'KV_UNREACHABLE',
    message: expect.stringContaining('did not answer hello within 5000 ms'),
  })
  await server.until(() => hellos === 1)
  vi.advanceTimersByTime(5_000)
  await failed
  await server.until(() => server.newest.socket.destroyed)
})

test.each<[string, string, Handle]>([
  ['closes', 'KV_UNREACHABLE', (_, { socket }) => socket.destroy()],
  [
    'refuses the version',
    'KV_UNSUPPORTED_VERSION',
    ({ id }, from) => from.answer(id, new KvError('KV_UNSUPPORTED_VERSION', 'too old')),
  ],
  [
    'has too many connections',
    'KV_TRY_LATER',
    (_, from) => from.answer(0, new KvError('KV_TRY_LATER', 'full')),
  ],
  [
    'answers something else',
    'KV_BAD_ANSWER',
    ({ id }, from) => from.answer(id, { kind: 'ping', index: 1 }),
  ],
  ['answers another id', 'KV_BAD_ANSWER', (_, from) => from.answer(7, { kind: 'ping', index: 1 })],
  ['speaks http', 'KV_BAD_ANSWER', (_, { socket }) => socket.write('HTTP/1.1 400 Bad Request\r\n')],
  ['sends a large frame', 'KV_BAD_ANSWER', (_, { socket }) => socket.write(Buffer.alloc(4, 1))],
])('a server that %s ends the attempt with %s, and the socket', async (_, code, handleHello) => {
  const server = await serverWith(handleHello)
  await expect(connect(server.url)).rejects.toMatchObject({ code })
  await server.until(() => server.newest.socket.destroyed)
})

test.each([{ version: 2 }, { inFlightMax: 0 }, { frameBytesMax: 10 }])(
  'a hello that cannot be worked with is refused: %j',
  async ({ version = 1, ...limits }) => {
    const server = await FakeServer.listen(silent, limits)
    servers.push(server)
    if (version !== 1) {
      server.handleHello = ({ id }, from) => {
        from.answer(id, { ...server.hello, version })
      }
    }
    await expect(connect(server.url)).rejects.toMatchObject({ code: 'KV_BAD_ANSWER' })
  },
)

test('an answer to hello that is cut anywhere is waited for', async () => {
  const { length } = answerFrame(1, (await serverWith(silent)).hello)
  for (let cut = 1; cut < length; cut += 7) {
    const server = await serverWith(({ id }, { socket }) => {
      const frame = answerFrame(id, server.hello)
      socket.write(frame.subarray(0, cut))
      setImmediate(() => socket.write(frame.subarray(cut)))
    })
    const client = await connect(server.url)
    await client.close()
  }
})
