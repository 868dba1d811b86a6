import { expect, test } from 'vitest'
import { HintCursor } from './hint-cursor.ts'
import { NewestRecords } from './newest-records.ts'
import { encodeRecord, type RecordKind, RecordView, recordKind } from './record.ts'

const nextTurn = async (): Promise<void> => undefined

test('of each key the newest record stays, tombstones too, sorted by key', async () => {
  const newest = new NewestRecords()
  newest.add(recordOf(recordKind.put, 1, 'b'), 100)
  newest.add(recordOf(recordKind.put, 2, 'a'), 200)
  newest.add(recordOf(recordKind.put, 3, ''), 300)
  newest.add(recordOf(recordKind.tombstone, 4, 'b'), 400)
  newest.add(recordOf(recordKind.put, 5, 'a\xff'), 500)
  const image = await newest.image(nextTurn)
  expect(image.count).toBe(4)
  expect(entriesOf(HintCursor.overImage(0, image))).toEqual([
    ['', recordKind.put, 3, 300, 28],
    ['a', recordKind.put, 2, 200, 29],
    ['a\xff', recordKind.put, 5, 500, 30],
    ['b', recordKind.tombstone, 4, 400, 29],
  ])
})

test('session records are nobody’s keys', async () => {
  const newest = new NewestRecords()
  newest.add(recordOf(recordKind.session, 1, '12345678'), 100)
  expect(await newest.image(nextTurn)).toEqual({ entries: Buffer.alloc(0), count: 0, crc: 0 })
})

test('memory is used again for another file', async () => {
  const newest = new NewestRecords()
  newest.add(recordOf(recordKind.put, 1, 'old'), 100)
  newest.clear()
  for (let place = 0; place < 10_000; place++) {
    newest.add(recordOf(recordKind.put, place + 2, `k${(place * 7) % 10_000}`), place)
  }
  const image = await newest.image(nextTurn)
  expect(image.count).toBe(10_000)
  const keys = entriesOf(HintCursor.overImage(0, image)).map(([key]) => key)
  expect(keys).toEqual(keys.toSorted((a, b) => (String(a) < String(b) ? -1 : 1)))
  expect(keys[0]).toBe('k0')
})

function recordOf(kind: RecordKind, index: number, key: string): RecordView {
  const keyBytes = Buffer.from(key, 'latin1')
  const bytes = Buffer.alloc(28 + keyBytes.length)
  encodeRecord(bytes, 0, kind, index, 0, keyBytes, Buffer.alloc(0))
  const view = new RecordView()
  view.read(bytes, 0, bytes.length)
  return view
}

function entriesOf(cursor: HintCursor): unknown[][] {
  const entries: unknown[][] = []
  while (cursor.advance() === true) {
    const { key, kind, index, offset, size } = cursor.entry
    entries.push([key.toString('latin1'), kind, index, offset, size])
  }
  return entries
}
