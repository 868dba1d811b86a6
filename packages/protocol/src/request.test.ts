import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { request, requestId } from '../test/arbitraries.ts'
import { damaged, requestPayload } from '../test/payloads.ts'
import { requestSamples } from '../test/samples.ts'
import { KvError } from './errors.ts'
import { helloElementsMax, helloFrameBytesMax, helloVersionsMax } from './limits.ts'
import type { Request } from './request.ts'
import { decodeHello, decodeRequest } from './request-decoder.ts'
import { requestIdOf } from './request-id.ts'

/** Undefined if refused as a bad request; anything else that is thrown fails the test. */
function decoded(payload: Buffer): Request<Buffer> | undefined {
  try {
    return decodeRequest(payload)
  } catch (error) {
    if (error instanceof KvError && error.code === 'KV_BAD_REQUEST') return undefined
    if (error instanceof KvError && error.code === 'KV_BATCH_TOO_LARGE') return undefined
    throw error
  }
}

function refused(payload: Buffer, code = 'KV_BAD_REQUEST'): void {
  expect(() => decodeRequest(payload)).toThrow(expect.objectContaining({ code }))
}

test('every request comes back as it was sent', () => {
  fc.assert(
    fc.property(requestId, request, (id, message) => {
      const payload = requestPayload(id, message)
      expect(requestIdOf(payload)).toBe(id)
      expect(decodeRequest(payload)).toEqual(message)
    }),
    { numRuns: 1_000 },
  )
})

test('a request cut short anywhere, or with any bit turned, is refused or is another clean request', () => {
  let accepted = 0
  let rejected = 0
  for (const sample of requestSamples) {
    const whole = requestPayload(0x0102_0304, sample)
    for (const payload of damaged(whole)) {
      const message = decoded(payload)
      if (message === undefined) rejected++
      else {
        accepted++
        expect(payload.length).toBe(whole.length)
        expect(decodeRequest(requestPayload(1, message))).toEqual(message)
      }
    }
  }
  expect(rejected).toBeGreaterThan(1_200)
  expect(accepted).toBeGreaterThan(500)
})

test('random bytes are refused or are a clean request', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      const message = decoded(Buffer.from(bytes))
      if (message !== undefined) expect(decodeRequest(requestPayload(1, message))).toEqual(message)
    }),
    { numRuns: 5_000 },
  )
})

test('a request of the right form but the wrong length, id, kind or end is refused', () => {
  refused(Buffer.from('9401', 'hex'))
  refused(Buffer.from('920002', 'hex')) // id 0
  refused(Buffer.from('92cf000000010000000002', 'hex')) // id 2^32
  refused(Buffer.from('920163', 'hex')) // kind 99
  refused(Buffer.from('940102c0c0', 'hex')) // ping with two more
  refused(Buffer.from('92010200', 'hex')) // a byte behind ping
  refused(Buffer.from('940104a16bc0', 'hex')) // get with a text for a key
  refused(Buffer.from('940107919401c4016bc40176c0c0', 'hex')) // a delete with a value
  refused(Buffer.from('940104c4016b98c0c0c0c0c0c0c0c0', 'hex')) // more options than get has
})

/** A get with this, in hex, for its minIndex. */
function get(minIndex: string): Buffer {
  return Buffer.from(`940104c4016b93c0c0${minIndex}`, 'hex')
}

test('integers above 2^53 - 1, below 0 or with a fraction are refused; whole float 64 are taken', () => {
  refused(get('cf0020000000000000'))
  refused(get('cfffffffffffffffff'))
  refused(get('d3ffffffffffffffff'))
  refused(get('ff'))
  refused(get('d0ff'))
  refused(get('cb3ff8000000000000'))
  refused(get('cb7ff8000000000000'))
  const index = (hex: string) => (decodeRequest(get(hex)) as { options?: object }).options
  expect(index('cf001fffffffffffff')).toMatchObject({ minIndex: 2 ** 53 - 1 })
  expect(index('cb41f0000000000000')).toMatchObject({ minIndex: 2 ** 32 })
  expect(index('d30000000000000007')).toMatchObject({ minIndex: 7 })
  expect(index('cb8000000000000000')).toMatchObject({ minIndex: 0 })
})

test('text that is no UTF-8 is refused; keys may be any bytes', () => {
  refused(Buffer.from('9501019101a2c328c0', 'hex'))
  refused(Buffer.from('9501019101a3eda080c0', 'hex'))
  expect(decodeRequest(Buffer.from('940104c402c328c0', 'hex'))).toMatchObject({
    key: Buffer.from([0xc3, 0x28]),
  })
})

test('a count that is only claimed allocates nothing and is refused', () => {
  refused(Buffer.from('ddffffffff', 'hex'))
  refused(Buffer.from('dcffff', 'hex'))
  refused(Buffer.from('940107ddffffffff', 'hex'))
  refused(Buffer.from('940104c6ffffffff', 'hex'))
  refused(Buffer.from('95010191010db0', 'hex'))
})

test('operations and keys are counted before the first is looked at', () => {
  const many = Buffer.concat([Buffer.from('940107dc2711', 'hex'), Buffer.alloc(20_000, 0xc0)])
  refused(many, 'KV_BATCH_TOO_LARGE')
  const keys = { kind: 'getMany' as const, keys: [Buffer.alloc(1), Buffer.alloc(1)] }
  expect(() => decodeRequest(requestPayload(1, keys), { batchOpsMax: 1 })).toThrow('limit is 1')
})

test('deep nesting and extension types never have a turn', () => {
  refused(Buffer.alloc(200_000, 0x91))
  refused(Buffer.concat([Buffer.from('9401', 'hex'), Buffer.alloc(200_000, 0x81)]))
  for (const extension of ['d47290a161', 'c70301aabbcc', 'd6ff00000000', 'c1']) {
    refused(Buffer.from(`940104${extension}c0`, 'hex'))
    refused(Buffer.from(`940104c4016b${extension}`, 'hex'))
  }
})

test('before hello nothing but hello is read, and the largest hello keeps to its limits', () => {
  const hello = {
    kind: 'hello' as const,
    versions: Array.from({ length: helloVersionsMax }, (_, index) => index),
    clientName: 'c'.repeat(256),
    token: 't'.repeat(4_096),
    context: { timeoutMs: 1, traceContext: 'x'.repeat(512) },
  }
  const payload = requestPayload(1, hello)
  expect(decodeHello(payload)).toEqual(hello)
  expect(payload.length).toBeLessThan(helloFrameBytesMax)
  // The message, its six elements, the versions, the two of the context.
  expect(1 + 6 + helloVersionsMax + 2).toBeLessThanOrEqual(helloElementsMax)
  const tooMany = { ...hello, versions: [...hello.versions, 99] }
  refused(requestPayload(1, tooMany))
  for (const sample of requestSamples.filter(({ kind }) => kind !== 'hello')) {
    expect(() => decodeHello(requestPayload(1, sample))).toThrow('first message is not hello')
  }
})

test('an id is read wherever there is one', () => {
  expect(requestIdOf(Buffer.from('920502', 'hex'))).toBe(5)
  expect(requestIdOf(Buffer.from('92cf0000000100000000', 'hex'))).toBe(0)
  expect(requestIdOf(Buffer.alloc(0))).toBe(0)
  expect(requestIdOf(Buffer.from('GET / HTTP/1.1'))).toBe(0)
})
