import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { damages } from '../test/damage.ts'
import { fromHex, toHex } from '../test/hex.ts'
import { crc32 } from './crc32.ts'
import { FrameView, frameHeaderBytes, frameKind, type LogPosition, sealFrame } from './frame.ts'

const records = fromHex(`
  08 b0 aa 9d 01 00 01 00 01 00 00 00 07 06 05 04 03 02 01 00 00 68 e5 cf 8b 01 00 00 61 31
  30 80 11 82 02 00 01 00 00 00 00 00 08 06 05 04 03 02 01 00 00 68 e5 cf 8b 01 00 00 62
`)
const frame = Buffer.concat([
  fromHex(`
    d4 5b 07 a0              crc32 of all that follows
    63 00 00 00              length of the whole frame
    c4 c3 c2 c1              chain before
    01                       format version
    01                       kind: data
    02 00                    recordCount
    07 06 05 04 03 02 01 00  firstIndex
    0b 0a 00 00 00 00 00 00  term
    00 68 e5 cf 8b 01 00 00  timestamp
  `),
  records,
])
const position: LogPosition = { index: 0x01020304050607, term: 0x0a0b, chain: 0xc1c2c3c4 }
const timestamp = 1_700_000_000_000

test('seals the fixed layout', () => {
  const target = Buffer.alloc(frame.length + 10)
  records.copy(target, 5 + frameHeaderBytes)
  const crc = sealFrame(target, 5, 5 + frame.length, 2, position, timestamp)
  expect(toHex(target.subarray(5, 5 + frame.length))).toBe(toHex(frame))
  expect(crc).toBe(0xa0075bd4)
})

test('reads every field', () => {
  const view = new FrameView()
  expect(view.read(frame, 0, frame.length, position)).toBe(true)
  expect(view).toEqual({
    crc: 0xa0075bd4,
    length: frame.length,
    kind: frameKind.data,
    recordCount: 2,
    firstIndex: position.index,
    term: position.term,
    timestamp,
  })
})

test.each<[string, Partial<LogPosition>, boolean]>([
  ['another first index', { index: position.index + 1 }, false],
  ['another chain', { chain: 0 }, false],
  ['a term that is lower than the one before', { term: position.term + 1 }, false],
  ['a term that is higher than the one before', { term: position.term - 1 }, true],
])('%s', (_, difference, isGood) => {
  const before = { ...position, ...difference }
  expect(new FrameView().read(frame, 0, frame.length, before)).toBe(isGood)
})

test.each([
  ['another format version', 12, 2],
  ['an unknown kind', 13, 5],
  ['kind 0', 13, 0],
  ['a no-op with two records', 13, frameKind.noOp],
  ['no record', 14, 0],
  ['a timestamp above 2^53 - 1', 39, 0xff],
])('%s is refused, although the checksum is right', (_, at, byte) => {
  const bytes = Buffer.from(frame)
  bytes[at] = byte
  bytes.writeUInt32LE(crc32(bytes, 4, bytes.length))
  expect(new FrameView().read(bytes, 0, bytes.length, position)).toBe(false)
})

test('damage is never accepted', () => {
  for (const [, damage] of damages) {
    for (const bytes of damage(frame)) expect(accepts(bytes) ?? toHex(frame)).toBe(toHex(frame))
  }
  fc.assert(fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => accepts(bytes) === undefined))
})

/** The frame that is accepted at the start of `bytes`, if any, in hex. */
function accepts(bytes: Uint8Array): string | undefined {
  const view = new FrameView()
  const isGood = view.read(Buffer.from(bytes), 0, bytes.length, position)
  return isGood ? toHex(bytes.subarray(0, view.length)) : undefined
}
