import { expect, test } from 'vitest'
import { HintCursor } from './hint-cursor.ts'
import { HintImageEncoder } from './hint-image.ts'
import { neverExpires, recordKind } from './record.ts'

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
