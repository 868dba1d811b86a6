import { expect, test } from 'vitest'
import { MergePace, type MergePressure } from './merge-pace.ts'

const mebi = 1024 * 1024
const none = Number.POSITIVE_INFINITY
const relaxed: MergePressure = { copiedPerWon: 1, excess: 0, diskIsLow: false }
const look = (lagMs: number) => ({ elapsedMs: 50, lagMs, isActive: true })

test('a foreground that is slower than without the merge slows the merge down, and lets it go on', () => {
  const pace = calm(new MergePace(none), 1)
  expect(pace.start(relaxed)).toBe(none)
  // As fast as it is let: at first 200 MiB a second.
  let bytesPerSecond = 200 * mebi
  const merge = (lagMs: number) => {
    bytesPerSecond = Math.min(200 * mebi, pace.busy(look(lagMs), bytesPerSecond / 20, relaxed))
  }
  for (let each = 0; each < 4; each++) merge(20)
  expect(bytesPerSecond).toBeLessThan(100 * mebi)
  for (let each = 0; each < 20; each++) merge(20)
  expect(bytesPerSecond).toBeLessThan(25 * mebi)
  expect(bytesPerSecond).toBeGreaterThan(mebi)
  for (let each = 0; each < 200; each++) merge(1)
  expect(pace.busy(look(1), 0, relaxed)).toBe(none)
})

test('when nobody reads or writes, there is nobody to wait for', () => {
  const pace = calm(new MergePace(none), 1)
  for (let each = 0; each < 100; each++) {
    pace.busy({ ...look(20), isActive: false }, 4 * mebi, relaxed)
  }
  expect(pace.busy({ ...look(20), isActive: false }, 4 * mebi, relaxed)).toBe(none)
})

test('so does a slow sync', () => {
  const pace = calm(new MergePace(none), 0)
  const paces = Array.from({ length: 20 }, () => {
    pace.synced(30, true)
    return pace.busy(look(0), 6 * mebi, relaxed)
  })
  expect(paces.at(-1)).toBeLessThan(paces[0]! / 3)
})

test('a foreground that is always slow is no reason', () => {
  const pace = calm(new MergePace(none), 20)
  for (let each = 0; each < 200; each++) pace.busy(look(22), 4 * mebi, relaxed)
  expect(pace.busy(look(22), 4 * mebi, relaxed)).toBe(none)
})

test('nor is one that has become slow for good', () => {
  const pace = calm(new MergePace(none), 1)
  for (let each = 0; each < 3_000; each++) pace.busy(look(20), 4 * mebi, relaxed)
  expect(pace.busy(look(20), 4 * mebi, relaxed)).toBe(none)
})

test('a merge wins as many bytes as are written at least', () => {
  const pace = calm(new MergePace(none), 1)
  const pressure = { ...relaxed, copiedPerWon: 2 }
  let bytesPerSecond = 0
  for (let each = 0; each < 100; each++) {
    pace.written(mebi)
    bytesPerSecond = pace.busy(look(30), 4 * mebi, pressure)
  }
  // 20 MiB a second are written; for each of them two are read and two written.
  expect(bytesPerSecond).toBeGreaterThan(80 * mebi)
  expect(bytesPerSecond).toBeLessThan(200 * mebi)
})

test('with much more garbage than there should be, or no room, there is no pace', () => {
  const pace = calm(new MergePace(none), 1)
  for (let each = 0; each < 20; each++) pace.busy(look(30), 4 * mebi, relaxed)
  expect(pace.busy(look(30), 4 * mebi, { ...relaxed, excess: 0.2 })).toBe(none)
  expect(pace.busy(look(30), 4 * mebi, { ...relaxed, diskIsLow: true })).toBe(none)
  expect(pace.start(relaxed)).toBeLessThan(none)
  expect(pace.start({ ...relaxed, excess: 0.2 })).toBe(none)
})

test('the bound that was set holds, unless the disk is nearly full', () => {
  const pace = new MergePace(mebi)
  expect(pace.start(relaxed)).toBe(mebi)
  expect(pace.busy(look(0), 4 * mebi, { ...relaxed, excess: 1 })).toBe(mebi)
  expect(pace.busy(look(0), 4 * mebi, { ...relaxed, diskIsLow: true })).toBe(none)
  expect(pace.start({ ...relaxed, diskIsLow: true })).toBe(none)
})

function calm(pace: MergePace, lagMs: number): MergePace {
  for (let each = 0; each < 100; each++) {
    pace.synced(2, false)
    pace.calm(look(lagMs))
  }
  return pace
}
