import { expect, test } from 'vitest'
import { Slab } from './slab.ts'

test('small pieces share the memory of a slab and never overlap', () => {
  const slab = new Slab(64)
  const pieces = Array.from({ length: 10 }, (_, at) => slab.take(20).fill(at + 1))
  for (const [at, piece] of pieces.entries()) {
    expect(piece).toEqual(Buffer.alloc(20, at + 1))
  }
  expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(4)
  for (const { buffer } of pieces) expect(buffer.byteLength).toBe(64)
})

test('a piece as large as a slab has memory of its own, and the slab goes on', () => {
  const slab = new Slab(64)
  const before = slab.take(10)
  const large = slab.take(64)
  const after = slab.take(10)
  expect(large.length).toBe(64)
  expect(large.buffer).not.toBe(before.buffer)
  expect(after.buffer).toBe(before.buffer)
})

test('nobody can take a slab away from those who share it', () => {
  const slab = new Slab(64)
  const { buffer } = slab.take(10)
  expect(() => structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })).toThrow()
  expect(slab.take(10).length).toBe(10)
})

test('a piece may be empty', () => {
  const slab = new Slab(64)
  expect(slab.take(0)).toEqual(Buffer.alloc(0))
  expect(slab.take(63).length).toBe(63)
  expect(slab.take(0).length).toBe(0)
})
