import { expect, test } from 'vitest'
import { requestSamples } from '../test/samples.ts'
import type { Answer } from './answer.ts'
import { encodeAnswer } from './answer-encoder.ts'
import { InvariantError } from './assert.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { FrameWriter } from './frame-writer.ts'
import { frameBytesMaxOf } from './limits.ts'
import type { Request } from './request.ts'
import { decodeRequest } from './request-decoder.ts'
import { encodeRequest } from './request-encoder.ts'
import { requestIdOf } from './request-id.ts'

const key = Buffer.from('k')

function put(value: Uint8Array): Request {
  return { kind: 'put', key, value }
}

test('the messages of a turn leave as one buffer', () => {
  const writer = new FrameWriter(encodeRequest)
  for (const [index, sample] of requestSamples.entries()) writer.append(index + 1, sample)
  const decoder = new FrameDecoder(frameBytesMaxOf(0))
  expect(writer.pendingBytes).toBeGreaterThan(0)
  decoder.push(writer.take())
  expect(writer.pendingBytes).toBe(0)
  expect(writer.take().length).toBe(0)
  for (const [index, sample] of requestSamples.entries()) {
    const payload = decoder.next()!
    expect(requestIdOf(payload)).toBe(index + 1)
    expect(decodeRequest(payload)).toEqual(sample)
  }
  expect(decoder.next()).toBeUndefined()
})

test('what was taken never changes, across many turns and block ends', () => {
  const writer = new FrameWriter(encodeRequest)
  const taken: Buffer[] = []
  for (let turn = 0; turn < 2_000; turn++) {
    const value = Buffer.alloc(turn % 97 === 0 ? 40_000 : turn % 50, turn)
    writer.append(turn + 1, put(value))
    value.fill(0xee)
    taken.push(writer.take())
  }
  for (const [turn, bytes] of taken.entries()) {
    const message = decodeRequest(bytes.subarray(4))
    const expected = Buffer.alloc(turn % 97 === 0 ? 40_000 : turn % 50, turn)
    expect(message.kind === 'put' && expected.equals(message.value)).toBe(true)
  }
})

test('memory that is given back is used again, unless something stands in it', () => {
  const writer = new FrameWriter(encodeRequest)
  const memories = new Set<ArrayBufferLike>()
  for (let turn = 0; turn < 2_000; turn++) {
    writer.append(turn + 1, put(Buffer.alloc(turn % 50, turn)))
    const taken = writer.take()
    expect(decodeRequest(taken.subarray(4))).toMatchObject({ value: Buffer.alloc(turn % 50, turn) })
    memories.add(taken.buffer)
    if (turn % 3 === 0) {
      writer.append(turn + 1, put(Buffer.alloc(9, turn)))
      writer.reuse()
      const next = writer.take()
      expect(decodeRequest(next.subarray(4))).toMatchObject({ value: Buffer.alloc(9, turn) })
    }
    writer.reuse()
  }
  expect(memories.size).toBe(1)
})

test('a message that cannot be written leaves no trace', () => {
  const writer = new FrameWriter(encodeRequest, 1_000)
  writer.append(1, put(Buffer.from('a')))
  const before = writer.pendingBytes
  const attempts: [Parameters<typeof expect>[0], Request][] = [
    [TypeError, put('text' as unknown as Uint8Array)],
    [RangeError, { kind: 'get', key, options: { minIndex: -1 } }],
    [RangeError, { kind: 'get', key, options: { minIndex: 0.5 } }],
    [RangeError, { kind: 'get', key, options: { minIndex: 2 ** 53 } }],
    [RangeError, { kind: 'hello', versions: [1], clientName: 'x'.repeat(257) }],
    [expect.objectContaining({ code: 'KV_BATCH_TOO_LARGE' }), put(Buffer.alloc(1_000))],
    [expect.objectContaining({ code: 'KV_BATCH_TOO_LARGE' }), put(Buffer.alloc(100_000))],
  ]
  for (const [error, request] of attempts) {
    expect(() => writer.append(2, request)).toThrow(error)
    expect(writer.pendingBytes).toBe(before)
  }
  expect(() => writer.append(0, put(key))).toThrow(InvariantError)
  writer.append(3, put(Buffer.from('b')))
  const decoder = new FrameDecoder(1_000)
  decoder.push(writer.take())
  expect(requestIdOf(decoder.next()!)).toBe(1)
  expect(requestIdOf(decoder.next()!)).toBe(3)
  expect(decoder.bufferedBytes).toBe(0)
})

test('stats over the limits are a TypeError, not a frame', () => {
  const writer = new FrameWriter(encodeAnswer)
  const deep: Answer = { kind: 'stats', stats: { a: { b: { c: { d: { e: 1 } } } } } }
  expect(() => writer.append(1, deep)).toThrow(TypeError)
  expect(writer.pendingBytes).toBe(0)
})
