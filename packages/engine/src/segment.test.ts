import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { damages, sameBytes } from '../test/damage.ts'
import { fromHex, toHex } from '../test/hex.ts'
import { crc32 } from './crc32.ts'
import {
  decodeSegmentFooter,
  decodeSegmentHeader,
  encodeSegmentFooter,
  encodeSegmentHeader,
  footerCrc,
  segmentKind,
} from './segment.ts'

const header = fromHex(`
  4b 56 53 45 47 4d 4e 54  "KVSEGMNT"
  01 00                    version
  01 00                    kind: log
  c4 c3 c2 c1              chain before
  07 06 05 04 03 02 01 00  first index
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
  00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  zeros
  00 00 00 00
  f2 73 a8 55              crc32 of all before
`)
const headerFields = {
  kind: segmentKind.log,
  chainBefore: 0xc1c2c3c4,
  firstIndex: 0x01020304050607,
}
const footer = fromHex(`
  4b 56 46 4f 4f 54 45 52  "KVFOOTER"
  01 00                    version
  02 00                    kind: merge output
  c4 c3 c2 c1              chain after
  07 06 05 04 03 02 01 00  lowest index
  17 16 15 14 13 12 11 00  highest index
  22 21 00 00 00 00 00 00  records
  34 33 32 31 00 00 00 00  bytes
  00 00 00 00 00 00 00 00  zeros
  00 00 00 00
  69 dd 73 68              crc32 of all before
`)
const footerFields = {
  kind: segmentKind.merge,
  chainAfter: 0xc1c2c3c4,
  lowestIndex: 0x01020304050607,
  highestIndex: 0x11121314151617,
  records: 0x2122,
  bytes: 0x31323334,
}

test('the header has its fixed layout', () => {
  expect(toHex(encodeSegmentHeader(headerFields))).toBe(toHex(header))
  expect(decodeSegmentHeader(header)).toEqual(headerFields)
})

test('the footer has its fixed layout', () => {
  expect(toHex(encodeSegmentFooter(footerFields))).toBe(toHex(footer))
  expect(decodeSegmentFooter(footer)).toEqual(footerFields)
  expect(footerCrc(footer)).toBe(0x6873dd69)
})

test('one is not taken for the other', () => {
  expect(decodeSegmentHeader(footer)).toBeUndefined()
  expect(decodeSegmentFooter(header)).toBeUndefined()
})

test.each([
  ['version', 8],
  ['kind', 10],
])('an unknown %s is refused, although the checksum is right', (_, at) => {
  for (const decode of [decodeSegmentHeader, decodeSegmentFooter]) {
    const bytes = Buffer.from(decode === decodeSegmentHeader ? header : footer)
    bytes[at] = 3
    bytes.writeUInt32LE(crc32(bytes, 0, 60), 60)
    expect(decode(bytes)).toBeUndefined()
  }
})

test('damage is never accepted', () => {
  for (const [, damage] of damages) {
    for (const bytes of damage(header)) {
      if (!sameBytes(bytes, header)) expect(decodeSegmentHeader(Buffer.from(bytes))).toBeUndefined()
    }
    for (const bytes of damage(footer)) {
      if (!sameBytes(bytes, footer)) expect(decodeSegmentFooter(Buffer.from(bytes))).toBeUndefined()
    }
  }
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
      expect(decodeSegmentHeader(Buffer.from(bytes))).toBeUndefined()
      expect(decodeSegmentFooter(Buffer.from(bytes))).toBeUndefined()
    }),
  )
})
