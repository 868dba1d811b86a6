import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { answer, kvError, requestId } from '../test/arbitraries.ts'
import { answerPayload, damaged } from '../test/payloads.ts'
import { answerSamples } from '../test/samples.ts'
import type { Answer } from './answer.ts'
import { decodeAnswer, decodeConnectionError } from './answer-decoder.ts'
import { KvError } from './errors.ts'
import type { RequestKind } from './kinds.ts'
import { requestKindCodes } from './kinds.ts'
import { answerEntriesMax, errorMessageBytesMax } from './limits.ts'
import { requestIdOf } from './request-id.ts'

const kinds = Object.keys(requestKindCodes) as RequestKind[]

/** Undefined if refused as a bad answer; anything else that is thrown fails the test. */
function decoded(payload: Buffer, kind: RequestKind): Answer<Buffer> | KvError | undefined {
  try {
    return decodeAnswer(payload, kind)
  } catch (error) {
    if (error instanceof KvError && error.code === 'KV_BAD_ANSWER') return undefined
    throw error
  }
}

function refused(hex: string, kind: RequestKind): void {
  expect(() => decodeAnswer(Buffer.from(hex, 'hex'), kind)).toThrow(
    expect.objectContaining({ code: 'KV_BAD_ANSWER', outcome: 'unknown' }),
  )
}

/** Errors are compared by what crosses the wire. */
function comparable(message: Answer | KvError | undefined): unknown {
  if (!(message instanceof KvError)) return message
  const { code, codeName, details } = message
  return { code, codeName, message: message.message, details }
}

test('every answer comes back as it was sent', () => {
  fc.assert(
    fc.property(requestId, answer, (id, message) => {
      const payload = answerPayload(id, message)
      expect(requestIdOf(payload)).toBe(id)
      expect(decodeAnswer(payload, message.kind)).toEqual(message)
    }),
    { numRuns: 1_000 },
  )
})

test('every error comes back with code, message, details and traits', () => {
  fc.assert(
    fc.property(kvError, fc.constantFrom(...kinds), (error, kind) => {
      const received = decodeAnswer(answerPayload(9, error), kind)
      expect(received).toBeInstanceOf(KvError)
      expect(comparable(received)).toEqual(comparable(error))
      expect(received).toMatchObject({ retryable: error.retryable, outcome: error.outcome })
    }),
  )
})

test('an answer cut short anywhere, or with any bit turned, is refused or is another clean answer', () => {
  let accepted = 0
  let rejected = 0
  for (const sample of answerSamples) {
    const kind = sample instanceof KvError ? 'put' : sample.kind
    const whole = answerPayload(0x0102_0304, sample)
    for (const payload of damaged(whole)) {
      const message = decoded(payload, kind)
      if (message === undefined) rejected++
      else {
        accepted++
        expect(payload.length).toBe(whole.length)
        const again = decodeAnswer(answerPayload(1, message), kind)
        expect(comparable(again)).toEqual(comparable(message))
      }
    }
  }
  expect(rejected).toBeGreaterThan(1_500)
  expect(accepted).toBeGreaterThan(500)
})

test('an answer to another kind of request is refused or read without harm', () => {
  for (const sample of answerSamples) {
    for (const kind of kinds) decoded(answerPayload(1, sample), kind)
  }
  refused('930100c3', 'ping')
  refused('930102c0', 'get') // status 2
  refused('9301000700', 'ping')
})

test('a code of a newer server keeps its name and has the traits of KV_INTERNAL', () => {
  const error = decodeAnswer(Buffer.from('950101a64b565f4e4557a26869c0', 'hex'), 'get')
  expect(comparable(error)).toEqual({
    code: 'KV_INTERNAL',
    codeName: 'KV_NEW',
    message: 'hi',
    details: undefined,
  })
  expect(error).toMatchObject({ retryable: false, outcome: 'unknown' })
})

test('an answer about the connection is an error or a bad answer', () => {
  const gone = new KvError('KV_SHUTTING_DOWN', 'bye')
  expect(decodeConnectionError(answerPayload(0, gone)).code).toBe('KV_SHUTTING_DOWN')
  expect(decodeConnectionError(answerPayload(0, { kind: 'ping', index: 1 })).code).toBe(
    'KV_BAD_ANSWER',
  )
})

test('a long error message is cut to what the other side takes', () => {
  const error = new KvError('KV_INTERNAL', '€'.repeat(10_000))
  const received = decodeAnswer(answerPayload(1, error), 'ping') as KvError
  expect(Buffer.byteLength(received.message)).toBeLessThanOrEqual(errorMessageBytesMax)
  expect(received.message).toMatch(/^€+$/)
})

test('maps come without a prototype, whatever their keys', () => {
  const stats = { constructor: 1, toString: 'x', hasOwnProperty: [{ valueOf: null }] }
  const received = decodeAnswer(answerPayload(1, { kind: 'stats', stats }), 'stats')
  if (received instanceof KvError) throw received
  expect(Object.getPrototypeOf(received.stats)).toBeNull()
  expect({ ...received.stats }).toEqual({ ...stats, hasOwnProperty: [expect.anything()] })
  refused('93010081a95f5f70726f746f5f5f80', 'stats')
})

test('entries are counted before the first is looked at', () => {
  const count = (answerEntriesMax + 1).toString(16).padStart(8, '0')
  const nils = 'c0'.repeat(answerEntriesMax + 1)
  refused(`930100dd${count}${nils}`, 'getMany')
  refused('930100ddffffffff', 'getMany')
})
