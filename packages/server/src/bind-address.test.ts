import { describe, expect, test } from 'vitest'
import { testConfig } from '../test/test-node.ts'
import { isLoopback, refuseOpenAddress } from './bind-address.ts'

test.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['::1', true],
  ['localhost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['192.168.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['example.org', false],
  ['localhost.example.org', false],
  ['', false],
])('%s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})

describe('a start on', () => {
  const noTls = '--insecure-no-tls'
  const noAuth = '--insecure-no-auth'

  test.each([
    ['127.0.0.1', [], undefined],
    ['127.0.0.1', [noTls], undefined],
    ['127.0.0.1', [noAuth], undefined],
    ['127.0.0.1', [noTls, noAuth], undefined],
    ['0.0.0.0', [], `${noTls} and ${noAuth}`],
    ['0.0.0.0', [noTls], noAuth],
    ['0.0.0.0', [noAuth], noTls],
    ['0.0.0.0', [noTls, noAuth], undefined],
  ])('%s with %j lacks %s', async (host, flags, missing) => {
    const config = await testConfig('--host', host, ...flags)
    const start = (): void => refuseOpenAddress(config)
    if (missing === undefined) expect(start).not.toThrow()
    else {
      expect(start).toThrow(
        expect.objectContaining({
          exitCode: 64,
          message: `--host ${host} lets other machines in, and there is neither encryption nor a login yet; nothing was started; use 127.0.0.1, or add ${missing} if the network is trusted`,
        }),
      )
    }
  })
})
