import { expect, test } from 'vitest'
import type { Bytes } from './bytes.ts'
import { bytesOf, ownBytes } from './bytes.ts'

test('a string is its UTF-8 bytes', () => {
  expect(Buffer.from(bytesOf('ö', 'key')).toString('hex')).toBe('c3b6')
  expect(ownBytes('', 'key')).toHaveLength(0)
})

test('a view stays the caller’s, a copy does not', () => {
  const bytes = new Uint8Array([1, 2, 3])
  const copy = ownBytes(bytes, 'key')
  expect(bytesOf(bytes, 'key')).toBe(bytes)
  bytes.fill(0)
  expect([...copy]).toEqual([1, 2, 3])
})

const others: unknown[] = [undefined, null, 5, {}, [1], new ArrayBuffer(2)]

test.each(others)('%j is no bytes', (value) => {
  expect(() => bytesOf(value as Bytes, 'value')).toThrow(TypeError)
  expect(() => ownBytes(value as Bytes, 'value')).toThrow(/^value must be a string or a/)
})

test('half a surrogate pair has no UTF-8 of its own', () => {
  expect(() => ownBytes('a\ud800', 'key')).toThrow(/^key is a string with half a surrogate pair/)
})
