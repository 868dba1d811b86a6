import { expect, test } from 'vitest'
import { addressOf, describeAddress, parseAddress } from './address.ts'

test('a url names host and port, and both have a default', () => {
  expect(parseAddress('kv://127.0.0.1:7411')).toEqual({ host: '127.0.0.1', port: 7411 })
  expect(parseAddress('kv://db.internal')).toEqual({ host: 'db.internal', port: 7411 })
  expect(parseAddress('kv://[::1]:9000/')).toEqual({ host: '::1', port: 9000 })
  expect(addressOf()).toEqual({ host: '127.0.0.1', port: 7411 })
})

test.each([
  '',
  'localhost',
  '127.0.0.1:7411',
  'http://127.0.0.1:7411',
  'kv://',
  'kv:7411',
  'kv://127.0.0.1:99999',
  'kv://127.0.0.1:x',
  'kv://user@127.0.0.1',
  'kv://127.0.0.1/db',
  'kv://127.0.0.1?a=1',
])('%j is refused in one line that shows how to write it', (url) => {
  expect(() => parseAddress(url)).toThrow(TypeError)
  expect(() => parseAddress(url)).toThrow(/^[^\n]+kv:\/\/127\.0\.0\.1:7411$/)
})

test('a port is from 1 to 65535, a host is not empty', () => {
  expect(() => addressOf('h', 0)).toThrow(RangeError)
  expect(() => addressOf('h', 65_536)).toThrow(RangeError)
  expect(() => addressOf('h', 1.5)).toThrow(RangeError)
  expect(() => addressOf('')).toThrow(TypeError)
})

test('an address is shown as it is written', () => {
  expect(describeAddress({ host: '::1', port: 9000 })).toBe('kv://[::1]:9000')
  expect(describeAddress({ host: 'db', port: 7411 })).toBe('kv://db:7411')
})
