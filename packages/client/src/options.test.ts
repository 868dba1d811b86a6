import { expect, test } from 'vitest'
import type { ConnectOptions } from './options.ts'
import { settingsOf } from './options.ts'

test('every option has a default', () => {
  expect(settingsOf({})).toEqual({
    address: { host: '127.0.0.1', port: 7411 },
    clientName: 'kv-client',
    connectTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
    inFlightMax: 1_024,
    waitingMax: 16_384,
    pendingBytesMax: 64 * 1024 * 1024,
    attemptsMax: Infinity,
    delayMsMin: 50,
    delayMsMax: 2_000,
    onStateChange: undefined,
  })
})

test('a long first delay lifts the default of the longest', () => {
  expect(settingsOf({ reconnect: { delayMsMin: 5_000 } })).toMatchObject({ delayMsMax: 5_000 })
})

test.each<[string, unknown, RegExp]>([
  ['an unknown name', { timeout: 5 }, /^'timeout' is no option of connect: options has url, /],
  [
    'an unknown name',
    { reconnect: { attempts: 5 } },
    /^'attempts' is no option of connect: reconnect/,
  ],
  ['two addresses', { url: 'kv://a', host: 'b' }, /^url and host or port exclude each other/],
  ['a url of another type', { url: 5 }, /^url must be a string/],
  ['a url of another protocol', { url: 'redis://a' }, /is no address of a node/],
  ['a timeout of 0', { requestTimeoutMs: 0 }, /^requestTimeoutMs must be a whole number/],
  [
    'an endless timeout',
    { connectTimeoutMs: Infinity },
    /^connectTimeoutMs must be a whole number/,
  ],
  ['a limit of 0', { inFlightMax: 0 }, /^inFlightMax must be a whole number/],
  ['a limit of text', { waitingMax: '5' }, /^waitingMax must be a whole number/],
  ['no attempts', { reconnect: { attemptsMax: 0 } }, /^reconnect.attemptsMax must be/],
  ['a range turned round', { reconnect: { delayMsMin: 9, delayMsMax: 8 } }, /must not be under/],
  ['a long name', { clientName: 'x'.repeat(257) }, /^clientName must be a string of 256 bytes/],
  ['a listener that is none', { onStateChange: true }, /^onStateChange must be a function/],
  ['no object', null, /^options must be an object/],
])('%s is refused: %j', (_, options, message) => {
  expect(() => settingsOf(options as ConnectOptions)).toThrow(message)
})
