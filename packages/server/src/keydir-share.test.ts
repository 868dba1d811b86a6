import { totalmem } from 'node:os'
import { expect, test } from 'vitest'
import { keydirBytesMaxOf } from './keydir-share.ts'

const mebi = 1024 * 1024

test.each([
  [0, 256 * mebi, 128 * mebi],
  [0, mebi, mebi],
  [300 * mebi, 256 * mebi, 300 * mebi],
  [1, 256 * mebi, mebi],
])('%i asked for, with %i of memory, makes %i', (keydirBytesMax, memoryBytes, made) => {
  expect(keydirBytesMaxOf({ keydirBytesMax }, memoryBytes)).toBe(made)
})

test('no more is taken than half of the machine', () => {
  const made = keydirBytesMaxOf({ keydirBytesMax: 0 })
  expect(made).toBeGreaterThanOrEqual(mebi)
  expect(made).toBeLessThanOrEqual(Math.max(mebi, totalmem() / 2))
})
