import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { damages, sameBytes } from '../test/damage.ts'
import { fromHex, toHex } from '../test/hex.ts'
import { encodeMark, lastMark, type Mark, markBytes, markPosition, markSlots } from './mark.ts'

const golden = fromHex(`
  07 06 05 04 03 02 01 00  seq
  17 16 15 14 13 12 11 00  index
  22 21 00 00 00 00 00 00  term
  16 16 15 14 13 12 11 00  commit
  17 16 15 14 13 12 10 00  segment
  34 33 32 31              offset
  c4 c3 c2 c1              chain
  00 00 00 00 00 00 00 00  zeros
  00 00 00 00
  c8 27 0a e2              crc32 of all before
`)
const mark: Mark = {
  seq: 0x01020304050607,
  index: 0x11121314151617,
  term: 0x2122,
  commit: 0x11121314151616,
  segment: 0x10121314151617,
  offset: 0x31323334,
  chain: 0xc1c2c3c4,
}

test('a slot has its fixed layout', () => {
  expect(toHex(encodeMark(mark))).toBe(toHex(golden))
  expect(lastMark(golden)).toEqual(mark)
})

test('the slots are written in turn', () => {
  expect([1, 2, markSlots, markSlots + 1].map(markPosition)).toEqual([0, 64, 65_472, 0])
})

test('the highest valid mark counts, wherever it stands', () => {
  const seqs = fc.uniqueArray(fc.integer({ min: 1, max: 9_999 }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(seqs, fc.nat(20), (seqs, damaged) => {
      const slots = seqs.map((seq) => encodeMark({ ...mark, seq }))
      slots[damaged]?.fill(0xff, 20, 30)
      const valid = seqs.filter((_, place) => place !== damaged)
      const last = lastMark(Buffer.concat([...slots, Buffer.alloc(markBytes * 3)]))
      expect(last?.seq).toBe(valid.length === 0 ? undefined : Math.max(...valid))
    }),
  )
})

test('damage is never accepted', () => {
  for (const [, damage] of damages) {
    for (const bytes of damage(golden)) {
      const isWhole = sameBytes(bytes.subarray(0, markBytes), golden)
      expect(lastMark(Buffer.from(bytes))).toEqual(isWhole ? mark : undefined)
    }
  }
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      (bytes) => lastMark(Buffer.from(bytes)) === undefined,
    ),
  )
})
