import * as fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import { answer, request, requestId } from '../test/arbitraries.ts'
import { answerFrame, requestFrame } from '../test/payloads.ts'
import { answerSamples, requestSamples } from '../test/samples.ts'
import { FrameDecoder } from './frame-decoder.ts'
import { frameBytesMaxOf } from './limits.ts'

const limit = frameBytesMaxOf(32 * 1024 * 1024)

afterEach(() => {
  vi.restoreAllMocks()
})

function frame(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(4)
  header.writeUInt32BE(payload.length)
  return Buffer.concat([header, payload])
}

function drain(decoder: FrameDecoder): Buffer[] {
  const payloads: Buffer[] = []
  for (let next = decoder.next(); next !== undefined; next = decoder.next()) payloads.push(next)
  return payloads
}

/** Payloads, as hex, of a stream that arrives in these chunks. */
function decoded(chunks: readonly Buffer[]): string[] {
  const decoder = new FrameDecoder(limit)
  const payloads = chunks.flatMap((chunk) => {
    decoder.push(Buffer.from(chunk))
    return drain(decoder)
  })
  expect(decoder.bufferedBytes).toBe(0)
  return payloads.map((payload) => payload.toString('hex'))
}

const sampleFrames = [
  ...requestSamples.map((sample, index) => requestFrame(index + 1, sample)),
  ...answerSamples.map((sample, index) => answerFrame(index + 1, sample)),
]
const sampleStream = Buffer.concat(sampleFrames)
const samplePayloads = sampleFrames.map((bytes) => bytes.subarray(4).toString('hex'))

test('the samples come out whole, wherever their stream is cut in two', () => {
  for (let cut = 0; cut <= sampleStream.length; cut++) {
    expect(decoded([sampleStream.subarray(0, cut), sampleStream.subarray(cut)])).toEqual(
      samplePayloads,
    )
  }
})

test('the samples come out whole, byte by byte and in chunks of every small size', () => {
  for (let size = 1; size <= 64; size++) {
    const chunks: Buffer[] = []
    for (let at = 0; at < sampleStream.length; at += size) {
      chunks.push(sampleStream.subarray(at, at + size))
    }
    expect(decoded(chunks)).toEqual(samplePayloads)
  }
})

test('any messages come out whole, however their stream is cut', () => {
  const frames = fc.array(
    fc.oneof(
      fc.tuple(requestId, request).map(([id, message]) => requestFrame(id, message)),
      fc.tuple(requestId, answer).map(([id, message]) => answerFrame(id, message)),
    ),
    { minLength: 1, maxLength: 5 },
  )
  fc.assert(
    fc.property(frames, fc.array(fc.nat(), { maxLength: 20 }), (whole, cuts) => {
      const stream = Buffer.concat(whole)
      const edges = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b)
      const chunks = [...edges, stream.length].map((edge, index) =>
        stream.subarray(edges[index - 1] ?? 0, edge),
      )
      expect(decoded(chunks)).toEqual(whole.map((bytes) => bytes.subarray(4).toString('hex')))
    }),
    { numRuns: 300 },
  )
})

test('a frame within one chunk is a view of it', () => {
  const decoder = new FrameDecoder(limit)
  const chunk = Buffer.concat([frame(Buffer.from('one')), frame(Buffer.from('two'))])
  const allocations = vi.spyOn(Buffer, 'allocUnsafeSlow')
  decoder.push(chunk)
  expect(drain(decoder).map((payload) => payload.buffer)).toEqual([chunk.buffer, chunk.buffer])
  expect(allocations).not.toHaveBeenCalled()
})

test('chunks may be pushed faster than frames are taken', () => {
  const decoder = new FrameDecoder(limit)
  for (const bytes of sampleFrames) decoder.push(Buffer.from(bytes))
  expect(decoder.bufferedBytes).toBe(sampleStream.length)
  expect(drain(decoder).map((payload) => payload.toString('hex'))).toEqual(samplePayloads)
  expect(decoder.bufferedBytes).toBe(0)
})

test.each([1, 7, 4_096, 65_536])(
  'a frame of a megabyte in chunks of %i costs memory and copies in line with its size',
  (chunkBytes) => {
    const payloadBytes = 1 << 20
    const stream = frame(Buffer.alloc(payloadBytes, 7))
    const chunks: Buffer[] = []
    for (let at = 0; at < stream.length; at += chunkBytes) {
      chunks.push(stream.subarray(at, at + chunkBytes))
    }
    const allocations = vi.spyOn(Buffer, 'allocUnsafeSlow')
    const decoder = new FrameDecoder(limit)
    let allocated = 0
    let received = 0
    let last: Buffer | undefined
    for (const chunk of chunks) {
      allocations.mockClear()
      received += chunk.length
      decoder.push(chunk)
      last = decoder.next()
      for (const [size] of allocations.mock.calls) {
        // A new buffer follows what has come, not what was claimed.
        expect(size).toBeLessThanOrEqual(Math.max(256, 4 * received))
        allocated += size
      }
    }
    expect(last?.length).toBe(payloadBytes)
    // Whatever is copied is copied into these.
    expect(allocated).toBeLessThanOrEqual(3 * payloadBytes)
  },
)

test('a claim alone reserves next to nothing', () => {
  const allocations = vi.spyOn(Buffer, 'allocUnsafeSlow')
  for (let connection = 0; connection < 1_000; connection++) {
    const decoder = new FrameDecoder(limit)
    decoder.push(Buffer.from('0100000091', 'hex'))
    expect(decoder.next()).toBeUndefined()
  }
  const allocated = allocations.mock.calls.reduce((sum, [size]) => sum + size, 0)
  expect(allocated).toBeLessThanOrEqual(256 * 1_000)
})

test('a length out of bounds ends the stream, before any of the payload is there', () => {
  const foreign = {
    http: Buffer.from('GET / HTTP/1.1\r\n'),
    tls: Buffer.from('1603010200010001fc', 'hex'),
    redis: Buffer.from('*1\r\n$4\r\nPING\r\n'),
    zero: Buffer.alloc(4),
    claim: Buffer.from('ffffffff', 'hex'),
  }
  for (const bytes of Object.values(foreign)) {
    for (const cut of [0, 1, 3]) {
      const decoder = new FrameDecoder()
      decoder.push(bytes.subarray(0, cut))
      expect(decoder.next()).toBeUndefined()
      decoder.push(bytes.subarray(cut))
      expect(() => decoder.next()).toThrow(expect.objectContaining({ code: 'KV_BAD_REQUEST' }))
      decoder.push(frame(Buffer.from('fine')))
      decoder.frameBytesMax = 0xffff_ffff
      expect(() => decoder.next()).toThrow(expect.objectContaining({ code: 'KV_BAD_REQUEST' }))
    }
  }
})

test('the limit may be raised after hello, and is exact', () => {
  const decoder = new FrameDecoder(3)
  decoder.push(Buffer.concat([frame(Buffer.from('abc')), frame(Buffer.from('abcd'))]))
  expect(decoder.next()?.toString()).toBe('abc')
  decoder.frameBytesMax = 4
  expect(decoder.next()?.toString()).toBe('abcd')
  decoder.push(frame(Buffer.from('abcde')))
  expect(() => decoder.next()).toThrow('claims 5 bytes')
})

test('on a client the fault is the answer', () => {
  const decoder = new FrameDecoder(limit, 'KV_BAD_ANSWER')
  decoder.push(Buffer.alloc(4))
  expect(() => decoder.next()).toThrow(expect.objectContaining({ code: 'KV_BAD_ANSWER' }))
})
