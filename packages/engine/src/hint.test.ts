import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { damages, sameBytes } from '../test/damage.ts'
import { fromHex, toHex } from '../test/hex.ts'
import {
  decodeHintHeader,
  encodeHintEntry,
  encodeHintHeader,
  type HintEntry,
  HintEntryView,
  hintEntryBytes,
} from './hint.ts'
import { neverExpires, recordKind } from './record.ts'

const header = fromHex(`
  4b 56 48 49 4e 54 53 00  "KVHINTS", a zero byte
  01 00                    version
  00 00                    zeros
  f4 f3 f2 f1              CRC of the data file's footer
  02 01 00 00 00 00 00 00  entries
  e4 e3 e2 e1              crc32 of the entries
  5b f5 3f 5b              crc32 of all before
`)
const headerFields = { footerCrc: 0xf1f2f3f4, entries: 0x0102, entriesCrc: 0xe1e2e3e4 }
const put = fromHex(`
  01                       kind: put
  00                       flags
  03 00                    keySize
  34 33 32 31              offset of the record
  44 43 42 41              size of the record
  07 06 05 04 03 02 01 00  index
  6b 65 79                 key
`)
const expiring = fromHex(`
  02                       kind: tombstone
  01                       flags: an expiry follows
  03 00                    keySize
  34 33 32 31              offset of the record
  44 43 42 41              size of the record
  07 06 05 04 03 02 01 00  index
  17 16 15 14 13 12 11 00  expiresAt
  6b 65 79                 key
`)
const putFields: HintEntry = {
  kind: recordKind.put,
  key: Buffer.from('key'),
  offset: 0x31323334,
  size: 0x41424344,
  index: 0x01020304050607,
  expiresAt: neverExpires,
}
const expiringFields: HintEntry = {
  ...putFields,
  kind: recordKind.tombstone,
  expiresAt: 0x11121314151617,
}

test('the header has its fixed layout', () => {
  expect(toHex(encodeHintHeader(headerFields))).toBe(toHex(header))
  expect(decodeHintHeader(header)).toEqual(headerFields)
})

test.each([
  [put, putFields],
  [expiring, expiringFields],
])('an entry has its fixed layout', (golden, fields) => {
  const bytes = Buffer.alloc(hintEntryBytes(fields) + 4)
  const end = encodeHintEntry(bytes, 4, fields)
  expect(end).toBe(bytes.length)
  expect(toHex(bytes.subarray(4))).toBe(toHex(golden))
  const view = new HintEntryView()
  expect(view.read(bytes, 4, end)).toBe(end)
  expect(view).toMatchObject(fields)
})

test('an entry that is not whole is not read', () => {
  const view = new HintEntryView()
  for (const whole of [put, expiring]) {
    for (let limit = 0; limit < whole.length; limit++) expect(view.read(whole, 0, limit)).toBe(-1)
  }
})

test('damage to the header is never accepted', () => {
  for (const [, damage] of damages) {
    for (const bytes of damage(header)) {
      if (!sameBytes(bytes, header)) expect(decodeHintHeader(Buffer.from(bytes))).toBeUndefined()
    }
  }
})

test('random bytes never throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) => {
      expect(decodeHintHeader(Buffer.from(bytes))).toBeUndefined()
      const end = new HintEntryView().read(Buffer.from(bytes), at, bytes.length)
      expect(end === -1 || (end > at && end <= bytes.length)).toBe(true)
    }),
  )
})
