import { expect, test } from 'vitest'
import { keyText, mapKey, textKey } from './key-text.ts'

test('a key as text has one character a byte, and becomes the same key again', () => {
  const key = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  expect(keyText(key)).toHaveLength(256)
  expect(textKey(keyText(key))).toEqual(key)
})

test('a long key is filed under a short name of its own', () => {
  const names = new Set(
    Array.from({ length: 100 }, (_, place) => mapKey(`${'k'.repeat(60_000)}${place}`)),
  )
  expect(names.size).toBe(100)
  for (const name of names) expect(name.length).toBeLessThan(64)
  expect(mapKey('k'.repeat(16_383))).toHaveLength(16_383)
})
