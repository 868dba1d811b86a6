import { expect, test } from 'vitest'
import { brakedShare, WriteBrake } from './write-brake.ts'

const mebi = 1024 * 1024
const lookMs = 50

interface Simulated {
  readonly writePerSecond: number
  readonly wonPerSecond: number
  readonly groupBytes?: number
  /** Of the store at the beginning. */
  readonly garbageShare?: number
  readonly seconds: number
}

/** A store whose writers write as fast as they may, and whose merges win back so much a second. */
function simulate({ writePerSecond, wonPerSecond, seconds, ...rest }: Simulated) {
  const { groupBytes = mebi / 4, garbageShare = 0 } = rest
  const brake = new WriteBrake()
  const live = 1_000 * mebi
  let share = garbageShare
  let garbage = (live * share) / (1 - share)
  let now = 0
  let longestMs = 0
  let written = 0
  for (let lookAt = 0; now < seconds * 1_000; ) {
    for (; lookAt <= now; lookAt += lookMs) {
      const isMerging = share > 0.3
      if (isMerging) garbage = Math.max(0, garbage - (wonPerSecond * lookMs) / 1_000)
      share = garbage / (garbage + live)
      if (isMerging) brake.look(share)
      else brake.release()
    }
    const holdMs = brake.hold(now)
    longestMs = Math.max(longestMs, holdMs)
    now += holdMs + (groupBytes * 1_000) / writePerSecond
    brake.written(groupBytes, now)
    written += groupBytes
    garbage += groupBytes
  }
  return { share, longestMs, writtenPerSecond: written / seconds, heldBackMs: brake.heldBackMs }
}

test('who writes slower than merges win is never held back', () => {
  const held = simulate({ writePerSecond: 100 * mebi, wonPerSecond: 110 * mebi, seconds: 120 })
  expect(held).toMatchObject({ heldBackMs: 0, longestMs: 0 })
})

test.each([
  ['twice', 50, mebi / 4, 50],
  ['eight times', 12.5, mebi / 4, 50],
  ['eight times, in small groups,', 12.5, 10_000, 50],
  ['four times, in huge batches,', 25, 32 * mebi, 4_000],
])('who writes %s as fast as merges win comes to keep pace with them', (...given) => {
  const [, won, groupBytes, holdMsMax] = given
  const { share, longestMs, writtenPerSecond } = simulate({
    writePerSecond: 100 * mebi,
    wonPerSecond: won * mebi,
    groupBytes,
    seconds: 600,
  })
  expect(share).toBeGreaterThan(brakedShare)
  expect(share).toBeLessThan(0.55)
  expect(longestMs).toBeLessThanOrEqual(holdMsMax)
  expect(writtenPerSecond).toBeLessThan(100 * mebi)
})

test('a store that begins with much garbage wins it back, and lets writers write meanwhile', () => {
  const start = { writePerSecond: 200 * mebi, wonPerSecond: 40 * mebi, garbageShare: 0.75 }
  expect(simulate({ ...start, seconds: 10 }).writtenPerSecond).toBeGreaterThan(7 * mebi)
  expect(simulate({ ...start, seconds: 300 }).share).toBeLessThan(0.55)
  // One after the other, writes are slower than that anyway.
  const alone = { ...start, writePerSecond: 4 * mebi, groupBytes: 140, seconds: 5 }
  expect(simulate(alone)).toMatchObject({ heldBackMs: 0 })
})

test('nobody waits for a merge that does not run, or once the garbage is gone', () => {
  const brake = new WriteBrake()
  let now = 0
  const look = (garbageShare: number, isMerging: boolean) => {
    if (isMerging) brake.look(garbageShare)
    else brake.release()
    now += 100_000
    brake.hold(now)
    brake.written(mebi, now)
    return brake.hold(now)
  }
  expect(look(0.9, false)).toBe(0)
  expect(look(0.9, true)).toBe(125)
  expect(look(0.9, false)).toBe(0)
  expect(look(0.9, true)).toBe(125)
  expect(look(0.3, true)).toBe(0)
})
