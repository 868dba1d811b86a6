import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { plainMap } from '../test/arbitraries.ts'
import { KvError } from './errors.ts'
import { packPlainMap, unpackPlainMap } from './msgpack.ts'
import { validatePlainMap } from './validate.ts'

const elementsMax = 1_000

function refused(bytes: Buffer | string, reason: string): void {
  const input = typeof bytes === 'string' ? Buffer.from(bytes, 'hex') : bytes
  expect(() => validatePlainMap(input, 0, elementsMax)).toThrow(
    expect.objectContaining({ code: 'KV_BAD_REQUEST', message: `malformed message: ${reason}` }),
  )
}

test('what is packed passes, to its last byte, and comes back', () => {
  fc.assert(
    fc.property(plainMap, (map) => {
      const packed = Buffer.from(packPlainMap(map, elementsMax))
      expect(validatePlainMap(packed, 0, elementsMax)).toBe(packed.length)
      expect(unpackPlainMap(packed)).toEqual(map)
    }),
    { numRuns: 1_000 },
  )
})

test('any bytes are refused, or read by the decoder behind without a failure', () => {
  const almost = fc
    .uint8Array({ maxLength: 40 })
    .map((tail) => Buffer.from([0x81, 0xa1, 0x61, ...tail]))
  let passed = 0
  fc.assert(
    fc.property(almost, (bytes) => {
      let end: number
      try {
        end = validatePlainMap(bytes, 0, elementsMax)
      } catch (error) {
        expect(error).toBeInstanceOf(KvError)
        return
      }
      passed++
      const map = unpackPlainMap(bytes.subarray(0, end))
      expect(Object.keys(map)).toEqual(['a'])
    }),
    { numRuns: 5_000 },
  )
  expect(passed).toBeGreaterThan(500)
})

test('only a map is a map', () => {
  for (const hex of ['', 'c0', '90', 'a161', '01', 'd47201']) refused(hex, 'a map is expected')
})

function nested(levels: number): Buffer {
  return Buffer.from(`81a161${'91'.repeat(levels - 1)}c0`, 'hex')
}

test('nesting ends at four levels, long before the stack does', () => {
  expect(validatePlainMap(nested(4), 0, elementsMax)).toBe(7)
  refused(nested(5), 'it is nested too deep')
  refused(nested(200_000), 'it is nested too deep')
})

test('claimed lengths are held against the bytes and the budget', () => {
  refused('dfffffffff', 'it has too many elements')
  refused('81a161ddffffffff', 'it has too many elements')
  refused('81a161c6ffffffff', 'it ends too early')
  refused('81a161dbffffffff', 'it ends too early')
  refused('81a1619f', 'it ends too early')
  refused('de0010', 'it ends too early')
})

test('a megabyte of empty maps stops at the budget', () => {
  const bomb = Buffer.concat([Buffer.from('81a161dd00100000', 'hex'), Buffer.alloc(1 << 20, 0x80)])
  refused(bomb, 'it has too many elements')
  const rows = Buffer.concat([
    Buffer.from('81a161dc0100', 'hex'),
    ...Array.from({ length: 256 }, () => Buffer.from(`9f${'80'.repeat(15)}`, 'hex')),
  ])
  refused(rows, 'it has too many elements')
})

test('extension types are refused: records, errors, regular expressions, typed arrays, dates', () => {
  for (const extension of [
    'd47240',
    'd472409161',
    'c7016500',
    'd57800',
    'c7037400aabb',
    'd6ff00000000',
    'c1',
  ]) {
    refused(`81a161${extension}`, 'an extension type')
  }
})

test('keys are text, once each, and not __proto__; text is UTF-8', () => {
  refused('810101', 'a map key is not text')
  refused('81c4016101', 'a map key is not text')
  refused('82a16101a16102', 'a map key is forbidden or repeated')
  refused('82a16101d9016102', 'a map key is forbidden or repeated')
  refused('81a95f5f70726f746f5f5f80', 'a map key is forbidden or repeated')
  refused('81a161a2c328', 'a text is not UTF-8')
  refused('81a2c32801', 'a text is not UTF-8')
})

test('we do not send what we would refuse', () => {
  const deep = { a: [[[[1]]]] }
  const wide = { a: Array.from({ length: elementsMax }, () => 1) }
  const date = { a: new Date(0) as unknown as string }
  for (const map of [deep, wide, date]) {
    expect(() => packPlainMap(map, elementsMax)).toThrow(TypeError)
  }
})
