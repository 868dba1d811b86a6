import { expect, test } from 'vitest'
import { WritePace } from './write-pace.ts'

/** How many requests each write takes, when so many are gathered in one turn. */
function writesOf(pace: WritePace, requests: readonly ('read' | 'write')[]): number[] {
  const writes: number[] = []
  let gathered = 0
  for (const request of requests) {
    gathered++
    if (!pace.gathered(request === 'read')) continue
    writes.push(gathered)
    gathered = 0
  }
  pace.turnEnded()
  return gathered === 0 ? writes : [...writes, gathered]
}

const reads = (count: number) => Array.from({ length: count }, () => 'read' as const)
const puts = (count: number) => Array.from({ length: count }, () => 'write' as const)

test('the first read of a turn leaves at once, and each write takes twice as many as the one before', () => {
  const pace = new WritePace()
  expect(writesOf(pace, reads(1))).toEqual([1])
  expect(writesOf(pace, reads(10))).toEqual([1, 2, 4, 3])
  expect(writesOf(pace, reads(1_000))).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 489])
})

test('writes leave together until an answer says that they wait for no disk', () => {
  const pace = new WritePace()
  expect(writesOf(pace, puts(100))).toEqual([100])
  pace.writeAnswered(true)
  expect(writesOf(pace, puts(10))).toEqual([1, 2, 4, 3])
  pace.writeAnswered(false)
  expect(writesOf(pace, puts(100))).toEqual([100])
})

test('reads behind a write that waits for a disk leave with it', () => {
  const pace = new WritePace()
  expect(writesOf(pace, [...reads(3), ...puts(1), ...reads(20)])).toEqual([1, 2, 21])
  expect(writesOf(pace, reads(3)), 'a turn later').toEqual([1, 2])
})
