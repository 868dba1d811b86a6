import { createServer } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { RawClient } from '../test/raw-client.ts'
import { serverStatsOf, TestNode, testConfig } from '../test/test-node.ts'
import { Listener } from './listener.ts'

const fast = ['--durability', 'never'] as const

describe('connections over the limit are told so and closed, and the others go on:', () => {
  test.each(['--connections-max', '--connections-per-address-max'])('%s', async (flag) => {
    await using node = await TestNode.start(...fast, flag, '2')
    const first = await node.open()
    const second = await node.open()
    const third = await node.connect()
    await third.closed
    expect(third.lastWords).toMatchObject({
      code: 'KV_TRY_LATER',
      retryable: true,
      details: { retryAfterMs: 100 },
    })
    expect(await serverStatsOf(first)).toMatchObject({ connections: { current: 2, refused: 1 } })
    await second.close()
    const current = async (): Promise<unknown> =>
      ((await serverStatsOf(first))['connections'] as { current: number }).current
    while ((await current()) !== 1) await nextTurn()
    const fourth = await node.open()
    expect(await fourth.ask({ kind: 'ping' })).toMatchObject({ kind: 'ping' })
  })
})

test('a refused client that goes on sending still reads why', async () => {
  await using node = await TestNode.start(...fast, '--connections-max', '1')
  await node.open()
  const refused = await node.connect()
  refused.sendBytes(Buffer.alloc(1024 * 1024))
  await refused.closed
  expect(refused.lastWords).toMatchObject({ code: 'KV_TRY_LATER' })
})

test('before it serves, clients are asked to come again', async () => {
  const listener = await Listener.listen(await testConfig('--port', '0'))
  const client = await RawClient.connect(listener.address.port)
  await client.closed
  expect(client.lastWords).toMatchObject({ code: 'KV_TRY_LATER' })
  await listener.close()
})

test('a port in use is refused with exit code 69', async () => {
  const other = createServer()
  const port = await new Promise<number>((resolve) => {
    other.listen(0, '127.0.0.1', () => {
      const address = other.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
  await expect(Listener.listen(await testConfig('--port', String(port)))).rejects.toMatchObject({
    exitCode: 69,
    message: `127.0.0.1:${port} is in use by another program; nothing was changed; stop that one, or choose another --port`,
  })
  await new Promise((resolve) => other.close(resolve))
})

test.each(['192.0.2.1', 'no.such.host.invalid'])(
  '%s is refused with exit code 69',
  async (host) => {
    await expect(
      Listener.listen(await testConfig('--port', '0', '--host', host)),
    ).rejects.toMatchObject({
      exitCode: 69,
      message: `${host} is no address of this machine; nothing was changed; choose another --host`,
    })
  },
)
