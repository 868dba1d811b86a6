import { crc32 as zlibCrc32 } from 'node:zlib'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { chainAfter, crc32 } from './crc32.ts'

const u32 = fc.integer({ min: 0, max: 0xffffffff })

test('the check value of CRC-32', () => {
  expect(crc32(Buffer.from('123456789'), 0, 9)).toBe(0xcbf43926)
})

test('is that of zlib, for short and for long runs', () => {
  const bytes = fc.uint8Array({ maxLength: 600 })
  fc.assert(
    fc.property(bytes, fc.nat(600), fc.nat(600), u32, (bytes, a, b, seed) => {
      const [start, end] = [a, b].map((at) => Math.min(at, bytes.length)).sort((x, y) => x - y)
      expect(crc32(bytes, start!, end!, seed)).toBe(zlibCrc32(bytes.subarray(start, end), seed))
    }),
  )
})

test('a chain goes on with the four bytes of the next CRC', () => {
  fc.assert(
    fc.property(u32, u32, (chain, crc) => {
      const bytes = Buffer.alloc(4)
      bytes.writeUInt32LE(crc)
      expect(chainAfter(chain, crc)).toBe(zlibCrc32(bytes, chain))
    }),
  )
})
