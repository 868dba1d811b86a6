import { expect, test } from 'vitest'
import { brakedShare, WriteBrake } from './write-brake.ts'

const mebi = 1024 * 1024
const lookMs = 50

/** A store whose writers write as fast as they may, and whose merges win back so much a second. */
function simulate(writePerSecond: number, wonPerSecond: number, seconds: number) {
  const brake = new WriteBrake()
  const live = 1_000 * mebi
  let garbage = 0
  let now = 0
  let share = 0
  let longestMs = 0
  let written = 0
  for (let lookAt = lookMs; now < seconds * 1_000; ) {
    const bytes = mebi / 4
    const holdMs = brake.hold(bytes, now)
    longestMs = Math.max(longestMs, holdMs)
    now += holdMs + (bytes * 1_000) / writePerSecond
    brake.written(bytes)
    written += bytes
    garbage += bytes
    for (; lookAt <= now; lookAt += lookMs) {
      const isMerging = share > 0.3
      if (isMerging) garbage = Math.max(0, garbage - (wonPerSecond * lookMs) / 1_000)
      share = garbage / (garbage + live)
      brake.look({ elapsedMs: lookMs, garbageShare: share, isMerging })
    }
  }
  return { share, longestMs, writtenPerSecond: written / seconds, heldBackMs: brake.heldBackMs }
}

test('who writes slower than merges win is never held back', () => {
  expect(simulate(100 * mebi, 110 * mebi, 120)).toMatchObject({ heldBackMs: 0, longestMs: 0 })
})

test.each([
  ['twice', 50],
  ['eight times', 12.5],
])('who writes %s as fast as merges win comes to keep pace with them', (_, won) => {
  const { share, longestMs, writtenPerSecond } = simulate(100 * mebi, won * mebi, 600)
  expect(share).toBeGreaterThan(brakedShare)
  expect(share).toBeLessThan(0.55)
  expect(longestMs).toBeLessThanOrEqual(50)
  expect(writtenPerSecond).toBeLessThan(100 * mebi)
})

test('nobody waits for a merge that does not run, or once the garbage is gone', () => {
  const brake = new WriteBrake()
  const look = (garbageShare: number, isMerging: boolean) => {
    brake.written(mebi)
    brake.look({ elapsedMs: lookMs, garbageShare, isMerging })
    brake.hold(10 * mebi, 1_000)
    return brake.hold(mebi, 1_000)
  }
  look(0.1, false)
  expect(look(0.9, false)).toBe(0)
  expect(look(0.9, true)).toBe(50)
  expect(look(0.9, false)).toBe(0)
  expect(look(0.9, true)).toBe(50)
  expect(look(0.3, true)).toBe(0)
})
