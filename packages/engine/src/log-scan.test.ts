import { expect, test } from 'vitest'
import { damages, firstDifference } from '../test/damage.ts'
import { logSegment, operation } from '../test/log-bytes.ts'
import { crc32 } from './crc32.ts'
import { SimFileSystem } from './file-system/sim-file-system.ts'
import { frameKind, logOrigin } from './frame.ts'
import type { LogOperation } from './group.ts'
import { type LogScanEnd, scanLog } from './log-scan.ts'
import { segmentHeaderBytes } from './segment.ts'

/** As much as a scan reads at once. */
const readBytes = 1024 * 1024

const { bytes: whole, end: wholeEnd } = logSegment(logOrigin, [
  [operation('a', '1')],
  [operation('b', '2'), operation('a'), operation('', '')],
  [operation('c', 'x'.repeat(300))],
])

test('all frames, record by record', async () => {
  const { end, seen, boundaries } = await scan(whole)
  expect(seen).toEqual(['1 a=1', '2 b=2', '3 a=', '4 =', `5 c=${'x'.repeat(300)}`])
  expect(end).toMatchObject({ offset: whole.length, position: wholeEnd, records: 5 })
  expect(end.timestamp).toBe(1_700_000_000_000)
  expect(boundaries[0]).toBe(segmentHeaderBytes)
  expect(boundaries.at(-1)).toBe(whole.length)
})

test('a file that is as long as so many whole reads is scanned to its last frame', async () => {
  for (const fileBytes of [1, 2].flatMap((reads) =>
    [-1, 0, 1].map((more) => reads * readBytes + more),
  )) {
    const bytes = segmentOf(fileBytes)
    expect(bytes.length).toBe(fileBytes)
    for (const isShort of [false, true]) {
      const { end, boundaries } = await scan(bytes, isShort)
      expect(end.offset).toBe(fileBytes)
      expect(boundaries.at(-1)).toBe(fileBytes)
      expect(end.records).toBeGreaterThanOrEqual(15)
    }
  }
})

test('no frame at all', async () => {
  const { end } = await scan(whole.subarray(0, segmentHeaderBytes))
  expect(end).toEqual({ offset: segmentHeaderBytes, position: logOrigin, records: 0, timestamp: 0 })
})

test('it ends before the first byte that is wrong, and never behind a frame that is', async () => {
  const { boundaries, seen } = await scan(whole)
  for (const [, damage] of damages) {
    for (const bytes of damage(whole)) {
      const from = firstDifference(whole, bytes)
      if (from < segmentHeaderBytes || from === whole.length) continue
      const damaged = await scan(bytes)
      expect(damaged.end.offset).toBe(boundaries.findLast((boundary) => boundary <= from))
      expect(seen.slice(0, damaged.seen.length)).toEqual(damaged.seen)
    }
  }
})

test('a frame of another history ends it', async () => {
  const other = logSegment({ ...wholeEnd, chain: 1 }, [[operation('z', '9')]])
  const { end } = await scan(Buffer.concat([whole, other.bytes.subarray(segmentHeaderBytes)]))
  expect(end.offset).toBe(whole.length)
})

test('a frame whose records are not what it says ends it, although its checksum is right', async () => {
  const changes: ((frame: Buffer) => void)[] = [
    (frame) => frame.writeUInt16LE(2, 14),
    (frame) => frame.writeUInt16LE(7, 14),
    (frame) => frame.writeUInt32LE(9, 48),
    (frame) => frame.writeUInt32LE(7, 52),
  ]
  const { bytes } = logSegment(logOrigin, [[operation('a', '1')]])
  for (const change of changes) {
    const damaged = Buffer.from(bytes)
    const frame = damaged.subarray(segmentHeaderBytes)
    change(frame)
    frame.writeUInt32LE(crc32(frame, 4, frame.length))
    expect((await scan(damaged)).end.offset).toBe(segmentHeaderBytes)
  }
})

test('frames without records of keys are told apart', async () => {
  const { bytes } = logSegment(logOrigin, [[operation('a', '1')]])
  const frame = bytes.subarray(segmentHeaderBytes)
  frame[13] = frameKind.stateCheck
  frame.writeUInt32LE(crc32(frame, 4, frame.length))
  const { end, seen } = await scan(bytes)
  expect(seen).toEqual([frameKind.stateCheck])
  expect(end.position.index).toBe(2)
})

/** A segment of this length, with frames of some 64 KiB. */
function segmentOf(fileBytes: number): Buffer {
  const frameBytes =
    logSegment(logOrigin, [[operation('key', '')]]).bytes.length - segmentHeaderBytes
  const frames: LogOperation[][] = []
  for (let left = fileBytes - segmentHeaderBytes; left > 0; ) {
    const valueBytes = (left > 2 * 65_536 ? 65_536 : left) - frameBytes
    frames.push([operation('key', 'x'.repeat(valueBytes))])
    left -= frameBytes + valueBytes
  }
  return logSegment(logOrigin, frames).bytes
}

async function scan(
  bytes: Uint8Array,
  isShort = false,
): Promise<{ end: LogScanEnd; seen: (string | number)[]; boundaries: number[] }> {
  const disk = new SimFileSystem()
  disk.poke('/f', bytes)
  if (isShort) disk.shortenAt({ at: ({ kind }) => kind === 'read', sticky: true })
  const seen: (string | number)[] = []
  const boundaries: number[] = []
  const end = await scanLog(await disk.openForReading('/f'), bytes.length, logOrigin, {
    record: ({ index, key, value }) => seen.push(`${index} ${key.toString()}=${value.toString()}`),
    boundary: (offset) => boundaries.push(offset),
    otherFrame: (kind) => seen.push(kind),
  })
  return { end, seen, boundaries }
}
