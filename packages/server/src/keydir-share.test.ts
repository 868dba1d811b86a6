import { totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { keydirBytesMaxOf } from './keydir-share.ts'

const mebi = 1024 * 1024

test.each([
  [0, 256 * mebi, 64 * mebi],
  [0, 16_512 * mebi, 8_192 * mebi],
  [0, mebi, 16 * mebi],
  [300 * mebi, 256 * mebi, 300 * mebi],
  [1, 256 * mebi, mebi],
])('%i asked for, with %i of memory, makes %i', (keydirBytesMax, memoryBytes, made) => {
  expect(keydirBytesMaxOf({ keydirBytesMax }, memoryBytes)).toBe(made)
})

test('no more is taken than half of the machine', () => {
  const made = keydirBytesMaxOf({ keydirBytesMax: 0 })
  expect(made).toBeGreaterThanOrEqual(16 * mebi)
  expect(made).toBeLessThanOrEqual(Math.max(16 * mebi, totalmem() / 2))
})
