import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { damages, sameBytes } from '../test/damage.ts'
import { fromHex, toHex } from '../test/hex.ts'
import { decodeCheckedJson, encodeCheckedJson } from './checked-json.ts'

const golden = fromHex(`
  c1 6e 37 93              crc32 of all that follows
  10 00 00 00              length of the text
  7b 22 61 22 3a 31 2c     {"a":1,
  22 62 22 3a 22 c3 bc 22 7d  "b":"ü"}
`)

test('has its fixed layout', () => {
  expect(toHex(encodeCheckedJson({ a: 1, b: 'ü' }))).toBe(toHex(golden))
  expect(decodeCheckedJson(golden)).toEqual({ a: 1, b: 'ü' })
})

test('what is encoded is decoded', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json: unknown = JSON.parse(JSON.stringify(value))
      expect(decodeCheckedJson(encodeCheckedJson(value))).toEqual(json)
    }),
  )
})

test('damage is never accepted', () => {
  for (const [, damage] of damages) {
    for (const bytes of damage(golden)) {
      if (!sameBytes(bytes, golden)) expect(decodeCheckedJson(Buffer.from(bytes))).toBeUndefined()
    }
  }
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      (bytes) => decodeCheckedJson(Buffer.from(bytes)) === undefined,
    ),
  )
})
