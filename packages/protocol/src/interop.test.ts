/** Any msgpack library can be the other side: here plain msgpackr, which other tests keep away from the envelope. */
import * as fc from 'fast-check'
import { Packr, Unpackr } from 'msgpackr'
import { expect, test } from 'vitest'
import { answer, request, requestId } from '../test/arbitraries.ts'
import { answerPayload, requestPayload } from '../test/payloads.ts'
import { decodeAnswer } from './answer-decoder.ts'
import { decodeRequest } from './request-decoder.ts'

const packr = new Packr({ useRecords: false, useToJSON: false })
const unpackr = new Unpackr({ useRecords: false })

test('a put of ours is what msgpackr reads', () => {
  const put = requestPayload(300, {
    kind: 'put',
    key: Buffer.from('k'),
    value: Buffer.from([1, 2]),
    options: { ifVersion: 2 ** 33, durability: 'synced' },
    context: { timeoutMs: 250 },
  })
  const options = [2n ** 33n, null, null, 1]
  const fields = [Buffer.from('k'), Buffer.from([1, 2]), options, [250, null]]
  expect(unpackr.unpack(put)).toEqual([300, 3, ...fields])
})

test('a delete written by msgpackr is what we read', () => {
  const payload = Buffer.from(packr.pack([7, 6, Buffer.from('k'), [2 ** 40, 2], null]))
  expect(decodeRequest(payload)).toEqual({
    kind: 'delete',
    key: Buffer.from('k'),
    options: { ifVersion: 2 ** 40, durability: 'majority' },
  })
})

test('every request, read and written again by msgpackr, means the same', () => {
  fc.assert(
    fc.property(requestId, request, (id, message) => {
      const array: unknown = unpackr.unpack(requestPayload(id, message))
      expect(decodeRequest(Buffer.from(packr.pack(array)))).toEqual(message)
    }),
    { numRuns: 500 },
  )
})

test('every answer, read and written again by msgpackr, means the same', () => {
  fc.assert(
    fc.property(requestId, answer, (id, message) => {
      const array: unknown = unpackr.unpack(answerPayload(id, message))
      expect(decodeAnswer(Buffer.from(packr.pack(array)), message.kind)).toEqual(message)
    }),
    { numRuns: 500 },
  )
})
