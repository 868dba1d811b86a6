import { expect, test } from 'vitest'
import { operation } from '../test/log-bytes.ts'
import {
  FrameView,
  frameHeaderBytes,
  frameRecordsTarget,
  type LogPosition,
  logOrigin,
} from './frame.ts'
import { Group, type LogOperation, type Run, type Waiter } from './group.ts'
import { RecordView } from './record.ts'

const position: LogPosition = { index: 5, term: 0, chain: 0xabcd }

test('what is added in one go gets indices in a row, and one frame', () => {
  const group = new Group(position)
  expect(group.add([operation('a', '1'), operation('b')], 100, waiterOf([]))).toBe(5)
  expect(group.add([operation('c', '3')], 200, waiterOf([]))).toBe(7)
  expect(group.nextIndex).toBe(8)
  group.closeFrame()
  const run = group.takeRun(1e9)!
  expect(recordsIn(run, position)).toEqual(['5 a=1 @100', '6 b= @100', '7 c=3 @100'])
  expect(run).toMatchObject({ records: 3, start: position, wantsSync: false })
  expect(run.end).toEqual(group.position)
  expect(run.end.index).toBe(8)
  expect(group.takeRun(1e9)).toBeUndefined()
  expect([group.isEmpty, group.bytes]).toEqual([true, 0])
})

test('a frame closes before too many records, but never inside a batch', () => {
  const group = new Group(logOrigin)
  group.add(batch(frameRecordsTarget - 1), 1, waiterOf([]))
  group.add(batch(1), 1, waiterOf([]))
  group.add(batch(2), 1, waiterOf([]))
  group.add(batch(frameRecordsTarget + 5), 1, waiterOf([]))
  group.closeFrame()
  const { frames } = group.takeRun(1e9)!
  expect(frames.map(({ records }) => records)).toEqual([
    frameRecordsTarget,
    2,
    frameRecordsTarget + 5,
  ])
})

test('a frame closes before too many bytes, and a single larger value has its own', () => {
  const group = new Group(logOrigin)
  const large = 'x'.repeat(600 * 1024)
  for (const value of [large, large, '', large.repeat(4), '']) {
    group.add([operation('k', value)], 1, waiterOf([]))
  }
  group.closeFrame()
  const run = group.takeRun(1e9)!
  expect(run.frames.map(({ records }) => records)).toEqual([1, 2, 1, 1])
  expect(recordsIn(run, logOrigin)).toHaveLength(5)
})

test('runs hold whole frames, as many as start within their bytes', () => {
  const group = new Group(logOrigin)
  for (const key of ['a', 'b', 'c']) {
    group.add([operation(key, 'x'.repeat(31))], 1, waiterOf([]))
    group.closeFrame()
  }
  expect(group.bytes).toBe(300)
  const first = group.takeRun(101)!
  expect(first.frames).toHaveLength(2)
  expect(group.bytes).toBe(100)
  const second = group.takeRun(1)!
  expect(second.frames).toHaveLength(1)
  expect(second.start).toEqual(first.end)
  expect(recordsIn(second, first.end)).toHaveLength(1)
})

test('one wish for a sync is the wish of its run alone', () => {
  const group = new Group(logOrigin)
  group.add([operation('a', '')], 1, waiterOf([]))
  group.closeFrame()
  group.add([operation('b', '')], 1, { ...waiterOf([]), wantsSync: true })
  group.closeFrame()
  expect([group.takeRun(1)?.wantsSync, group.takeRun(1)?.wantsSync]).toEqual([false, true])
})

test('a failure reaches all that were not taken, in closed frames and in the open one', () => {
  const group = new Group(logOrigin)
  const told: string[] = []
  for (const name of ['taken', 'closed', 'open']) {
    if (name === 'open') group.takeRun(1)
    group.add([operation(name, '')], 1, waiterOf(told, name))
    if (name !== 'open') group.closeFrame()
  }
  group.failRest(new Error('disk'))
  expect(told).toEqual(['closed', 'open'])
})

test('a group that is reset starts over at another position', () => {
  const group = new Group(logOrigin)
  group.add([operation('a', 'x'.repeat(5_000_000))], 1, waiterOf([]))
  group.reset(position)
  expect([group.isEmpty, group.bytes, group.nextIndex]).toEqual([true, 0, 5])
  group.add([operation('b', '')], 1, waiterOf([]))
  group.closeFrame()
  expect(recordsIn(group.takeRun(1)!, position)).toEqual(['5 b= @1'])
})

test('knows what its operations will leave of a key', () => {
  const group = new Group(position)
  group.add([operation('a', '1'), operation('b', '1')], 1, waiterOf([]))
  expect(group.pendingKey(Buffer.from('a'))).toEqual({ index: 5, exists: true, expiresAt: 0 })
  group.closeFrame()
  group.add([operation('a'), operation('c', '1')], 1, waiterOf([]))
  expect(group.pendingKey(Buffer.from('a'))).toEqual({ index: 7, exists: false, expiresAt: 0 })
  group.add([operation('a', '2')], 1, waiterOf([]))
  expect(group.pendingKey(Buffer.from('a'))).toEqual({ index: 9, exists: true, expiresAt: 0 })
  expect(group.pendingKey(Buffer.from('b'))).toEqual({ index: 6, exists: true, expiresAt: 0 })
  expect(group.pendingKey(Buffer.from('d'))).toBeUndefined()
  group.reset(position)
  expect(group.pendingKey(Buffer.from('a'))).toBeUndefined()
})

function batch(count: number): LogOperation[] {
  return Array.from({ length: count }, () => operation('k', ''))
}

function waiterOf(told: string[], name = ''): Waiter {
  return { wantsSync: false, committed: () => undefined, failed: () => told.push(name) }
}

/** The records of a run, each frame checked to continue the one before. */
function recordsIn(run: Run, start: LogPosition): string[] {
  const seen: string[] = []
  const view = new FrameView()
  const record = new RecordView()
  let at = 0
  let before = start
  for (const { position } of run.frames) {
    expect(view.read(run.bytes, at, run.bytes.length, before)).toBe(true)
    const end = at + view.length
    for (at += frameHeaderBytes; at < end; at = record.end) {
      expect(record.readChecked(run.bytes, at, end)).toBe(true)
      const { index, key, value, timestamp } = record
      seen.push(
        `${index} ${key.toString()}=${value.length > 9 ? '…' : value.toString()} @${timestamp}`,
      )
    }
    before = position
  }
  expect(at).toBe(run.bytes.length)
  return seen
}
