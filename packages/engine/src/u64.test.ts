import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromHex, toHex } from '../test/hex.ts'
import { readU64, writeU64 } from './u64.ts'

test('little-endian', () => {
  const bytes = Buffer.alloc(8)
  writeU64(bytes, 0x01020304050607, 0)
  expect(toHex(bytes)).toBe('0706050403020100')
})

test('what is written is read, as Node reads it', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.nat(8), (value, at) => {
      const bytes = Buffer.alloc(16, 0xff)
      writeU64(bytes, value, at)
      expect(readU64(bytes, at)).toBe(value)
      expect(bytes.readBigUInt64LE(at)).toBe(BigInt(value))
    }),
  )
})

test('above 2^53 - 1 it is damage', () => {
  expect(readU64(fromHex('ff ff ff ff ff ff 1f 00'), 0)).toBe(Number.MAX_SAFE_INTEGER)
  expect(readU64(fromHex('00 00 00 00 00 00 20 00'), 0)).toBe(-1)
  expect(readU64(Buffer.alloc(8, 0xff), 0)).toBe(-1)
})
