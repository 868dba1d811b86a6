import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { damages, sameBytes } from '../test/damage.ts'
import { fromHex, toHex } from '../test/hex.ts'
import { encodeRecord, neverExpires, RecordView, recordBytes, recordKind } from './record.ts'

const put = fromHex(`
  30 e9 7f 55              crc32 of all that follows
  01                       kind: put
  00                       flags
  03 00                    keySize
  05 00 00 00              valueSize
  07 06 05 04 03 02 01 00  index
  00 68 e5 cf 8b 01 00 00  timestamp
  6b 65 79                 key
  76 61 6c 75 65           value
`)
const tombstone = fromHex(`
  5b f8 5c 9e              crc32 of all that follows
  02                       kind: tombstone
  00                       flags
  03 00                    keySize
  00 00 00 00              valueSize
  07 06 05 04 03 02 01 00  index
  00 68 e5 cf 8b 01 00 00  timestamp
  6b 65 79                 key
`)
const expiring = fromHex(`
  27 f1 44 ef              crc32 of all that follows
  01                       kind: put
  01                       flags: an expiry follows the header
  03 00                    keySize
  05 00 00 00              valueSize
  07 06 05 04 03 02 01 00  index
  00 68 e5 cf 8b 01 00 00  timestamp
  11 12 13 14 15 16 17 00  expiresAt
  6b 65 79                 key
  76 61 6c 75 65           value
`)
const index = 0x01020304050607
const timestamp = 1_700_000_000_000

test('encodes the fixed layout', () => {
  expect(toHex(encode(recordKind.put, 'key', 'value'))).toBe(toHex(put))
  expect(toHex(encode(recordKind.tombstone, 'key', ''))).toBe(toHex(tombstone))
})

test('reads every field', () => {
  const view = new RecordView()
  expect(view.readChecked(put, 0, put.length)).toBe(true)
  expect(view).toMatchObject({ kind: recordKind.put, flags: 0, crc: 0x557fe930, index, timestamp })
  expect(view.expiresAt).toBe(neverExpires)
  expect([view.key.toString(), view.value.toString()]).toEqual(['key', 'value'])
  expect([view.start, view.end, view.size]).toEqual([0, put.length, put.length])
  expect(view.readChecked(tombstone, 0, tombstone.length)).toBe(true)
  expect(view.kind).toBe(recordKind.tombstone)
  expect(view.value).toHaveLength(0)
  expect(view.readChecked(expiring, 0, expiring.length)).toBe(true)
  expect(view).toMatchObject({ flags: 1, expiresAt: 0x17161514131211 })
  expect([view.key.toString(), view.value.toString()]).toEqual(['key', 'value'])
})

test('what is encoded is read, wherever it stands', () => {
  const bytes = fc.uint8Array({ maxLength: 400 })
  fc.assert(
    fc.property(bytes, bytes, fc.maxSafeNat(), fc.nat(50), (key, value, time, at) => {
      const target = Buffer.alloc(at + recordBytes(key.length, value.length) + 9, 0xee)
      const end = encodeRecord(target, at, recordKind.put, index, time, key, value)
      expect(end).toBe(target.length - 9)
      const view = new RecordView()
      expect(view.readChecked(target, at, end)).toBe(true)
      expect(sameBytes(view.key, key) && sameBytes(view.value, value)).toBe(true)
      expect(view.timestamp).toBe(time)
      expect(view.read(target, at, end - 1)).toBe(false)
    }),
  )
})

test('damage is never accepted', () => {
  for (const whole of [put, tombstone, expiring]) {
    for (const [, damage] of damages) {
      for (const bytes of damage(whole)) expect(accepts(bytes) ?? toHex(whole)).toBe(toHex(whole))
    }
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => accepts(bytes) === undefined))
})

test.each([
  ['an unknown kind', 4, 4],
  ['kind 0', 4, 0],
  ['an unknown flag', 5, 2],
  ['version 0', 12, 0],
  ['a version above 2^53 - 1', 19, 0xff],
  ['a timestamp above 2^53 - 1', 27, 0xff],
])('%s is refused, whatever the checksum says', (_, at, byte) => {
  const bytes = Buffer.from(put)
  if (at === 12) bytes.fill(0, 12, 20)
  bytes[at] = byte
  expect(new RecordView().read(bytes, 0, bytes.length)).toBe(false)
})

function encode(kind: 1 | 2, key: string, value: string): Buffer {
  const target = Buffer.alloc(recordBytes(key.length, value.length))
  encodeRecord(target, 0, kind, index, timestamp, Buffer.from(key), Buffer.from(value))
  return target
}

/** The record that is accepted at the start of `bytes`, if any, in hex. */
function accepts(bytes: Uint8Array): string | undefined {
  const view = new RecordView()
  return view.readChecked(Buffer.from(bytes), 0, bytes.length) ? toHex(view.bytes) : undefined
}
