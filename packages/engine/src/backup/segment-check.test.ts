import { describe, expect, test } from 'vitest'
import { logSegment, operation } from '../../test/log-bytes.ts'
import { DataFile } from '../data-file.ts'
import { type LogPosition, logOrigin } from '../frame.ts'
import { encodeSegmentFooter, footerCrc, segmentKind } from '../segment.ts'
import { SegmentCheck } from './segment-check.ts'

const start: LogPosition = { ...logOrigin, index: 5, chain: 99 }
const frames = [
  [operation('a', '1'), operation('b', 'x'.repeat(300))],
  [operation('c')],
  [operation('d', '2'), operation('e', '3'), operation('a')],
]
const { bytes: body, end } = logSegment(start, frames)

/** A sealed segment, and what the store knows of it. */
function sealed(): { bytes: Buffer; file: DataFile } {
  const footer = encodeSegmentFooter({
    kind: segmentKind.log,
    chainAfter: end.chain,
    lowestIndex: start.index,
    highestIndex: end.index - 1,
    records: 6,
    bytes: body.length - 64,
  })
  const bytes = Buffer.concat([body, footer])
  const file = DataFile.log(start, 'sealed', bytes.length)
  file.highestIndex = end.index - 1
  file.chainAfter = end.chain
  file.footerCrc = footerCrc(footer)
  return { bytes, file }
}

function run(file: DataFile, bytes: Buffer, chunkBytes: number, endIndex?: number) {
  const check = new SegmentCheck(file, endIndex)
  let taken = 0
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    taken += check.add(bytes.subarray(at, at + chunkBytes))
  }
  check.finish()
  return { taken, position: check.position }
}

describe('a sealed segment', () => {
  test.each([1, 7, 64, 100, 10_000])('is whole, in chunks of %i bytes', (chunkBytes) => {
    const { bytes, file } = sealed()
    expect(run(file, bytes, chunkBytes)).toEqual({ taken: bytes.length, position: end })
  })

  test('with any bit flipped is damaged, and so is one that ends early', () => {
    const { bytes, file } = sealed()
    const damaged = { code: 'KV_CORRUPT_STORE', details: { path: file.path } }
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const flipped = Buffer.from(bytes)
        flipped[at]! ^= 1 << bit
        expect(() => run(file, flipped, 100), `byte ${at}`).toThrow(
          expect.objectContaining({ code: damaged.code }),
        )
      }
      expect(() => run(file, bytes.subarray(0, at), 100), `cut at ${at}`).toThrow(
        expect.objectContaining({ code: damaged.code }),
      )
    }
  })

  test('is not another one that is whole too', () => {
    const { file } = sealed()
    const other = logSegment(start, frames.toReversed())
    expect(() => run(file, other.bytes, 100)).toThrow('not as it should')
  })
})

describe('the last segment', () => {
  test.each([
    [5, 64, start],
    [11, body.length, end],
  ])('up to version %i ends at byte %i', (endIndex, taken, position) => {
    const file = DataFile.log(start, 'active', body.length)
    const torn = Buffer.concat([body, Buffer.from('what is being written')])
    expect(run(file, torn, 50, endIndex)).toEqual({ taken, position })
  })

  test('ends in front of the frames behind it, whatever these are', () => {
    const whole = logSegment(start, frames.slice(0, 2))
    const file = DataFile.log(start, 'active', body.length)
    const damaged = Buffer.from(body)
    damaged.fill(0xff, whole.bytes.length + 20)
    expect(run(file, damaged, 50, 8)).toEqual({ taken: whole.bytes.length, position: whole.end })
  })

  test('does not end inside of a frame', () => {
    const file = DataFile.log(start, 'active', body.length)
    expect(() => run(file, body, 50, 6)).toThrow(/a bad frame at byte 64/)
  })
})
