import type { Request } from '@kv/protocol'
import { expect, test } from 'vitest'
import { WritePace } from './write-pace.ts'

const key = Buffer.from('k')
const read: Request = { kind: 'get', key }
const write: Request = { kind: 'delete', key }
const syncedWrite: Request = { kind: 'delete', key, options: { durability: 'synced' } }

/** How many requests each write takes, when these are gathered in one turn. */
function writesOf(pace: WritePace, requests: readonly Request[]): number[] {
  const writes: number[] = []
  let gathered = 0
  for (const request of requests) {
    gathered++
    if (!pace.gathered(request)) continue
    writes.push(gathered)
    gathered = 0
  }
  pace.turnEnded()
  return gathered === 0 ? writes : [...writes, gathered]
}

const many = (count: number, request: Request) => Array.from({ length: count }, () => request)

test('the first read of a turn leaves at once, and each write takes four times as many as the one before', () => {
  const pace = new WritePace()
  expect(writesOf(pace, many(1, read))).toEqual([1])
  expect(writesOf(pace, many(10, read))).toEqual([1, 4, 5])
  expect(writesOf(pace, many(1_000, read))).toEqual([1, 4, 16, 64, 256, 659])
})

test('writes leave together until an answer says that they wait for no disk', () => {
  const pace = new WritePace()
  expect(writesOf(pace, many(100, write))).toEqual([100])
  pace.writeAnswered(true)
  expect(writesOf(pace, many(10, write))).toEqual([1, 4, 5])
  pace.writeAnswered(false)
  expect(writesOf(pace, many(100, write))).toEqual([100])
})

test('writes that ask for the disk leave together, whatever others wait for', () => {
  const pace = new WritePace()
  pace.writeAnswered(true)
  expect(writesOf(pace, many(100, syncedWrite))).toEqual([100])
})

test('reads behind a write that waits for a disk leave with it', () => {
  const pace = new WritePace()
  const requests = [...many(3, read), write, ...many(20, read)]
  expect(writesOf(pace, requests)).toEqual([1, 23])
  expect(writesOf(pace, many(5, read)), 'a turn later').toEqual([1, 4])
})
