import { expect, test } from 'vitest'
import { HintCursor } from './hint-cursor.ts'
import { HintImageBuilder, HintImageEncoder } from './hint-image.ts'
import { encodeRecord, neverExpires, type RecordKind, RecordView, recordKind } from './record.ts'

const nextTurn = async (): Promise<void> => undefined

test('of each key the newest record stays, tombstones too, sorted by key', async () => {
  const builder = new HintImageBuilder()
  builder.add(recordOf(recordKind.put, 1, 'b'), 100)
  builder.add(recordOf(recordKind.put, 2, 'a'), 200)
  builder.add(recordOf(recordKind.put, 3, ''), 300)
  builder.add(recordOf(recordKind.tombstone, 4, 'b'), 400)
  builder.add(recordOf(recordKind.put, 5, 'a\xff'), 500)
  const image = await builder.build(nextTurn)
  expect(image.count).toBe(4)
  expect(entriesOf(HintCursor.overImage(0, image))).toEqual([
    ['', recordKind.put, 3, 300, 28],
    ['a', recordKind.put, 2, 200, 29],
    ['a\xff', recordKind.put, 5, 500, 30],
    ['b', recordKind.tombstone, 4, 400, 29],
  ])
})

test('session records are nobody’s keys', async () => {
  const builder = new HintImageBuilder()
  builder.add(recordOf(recordKind.session, 1, '12345678'), 100)
  expect(await builder.build(nextTurn)).toEqual({ entries: Buffer.alloc(0), count: 0, crc: 0 })
})

test('an image grows beyond its first buffer', () => {
  const encoder = new HintImageEncoder()
  const keys = Array.from({ length: 5 }, (_, place) => Buffer.alloc(0xffff, place))
  for (const [offset, key] of keys.entries()) {
    encoder.add({ kind: recordKind.put, key, offset, size: 9, index: 1, expiresAt: neverExpires })
  }
  const cursor = HintCursor.overImage(0, encoder.finish())
  for (const key of keys) {
    expect(cursor.advance()).toBe(true)
    expect(cursor.entry.key.equals(key)).toBe(true)
  }
  expect(cursor.advance()).toBe(false)
})

function recordOf(kind: RecordKind, index: number, key: string): RecordView {
  const keyBytes = Buffer.from(key, 'latin1')
  const bytes = Buffer.alloc(28 + keyBytes.length)
  encodeRecord(bytes, 0, kind, index, 0, keyBytes, Buffer.alloc(0))
  const view = new RecordView()
  view.read(bytes, 0, bytes.length)
  return view
}

function entriesOf(cursor: HintCursor): unknown[] {
  const entries: unknown[] = []
  while (cursor.advance() === true) {
    const { key, kind, index, offset, size } = cursor.entry
    entries.push([key.toString('latin1'), kind, index, offset, size])
  }
  return entries
}
