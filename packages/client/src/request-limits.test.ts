import type { Request } from '@kv/protocol'
import { serverLimitsDefault } from '@kv/protocol'
import { expect, test } from 'vitest'
import { checkRequest } from './request-limits.ts'

const limits = {
  ...serverLimitsDefault,
  keyBytesMax: 2,
  valueBytesMax: 3,
  batchOpsMax: 2,
  batchBytesMax: 7,
}
const key = Buffer.alloc(2)
const value = Buffer.alloc(3)
const long = Buffer.alloc(4)
const put = { type: 'put', key, value } as const

test.each<Request>([
  { kind: 'put', key, value },
  { kind: 'get', key },
  { kind: 'getMany', keys: [key, key] },
  { kind: 'batch', operations: [put, { type: 'delete', key }] },
  { kind: 'ping' },
])('what is at the limit passes: $kind', (request) => {
  expect(() => checkRequest(request, limits)).not.toThrow()
})

test.each<[string, Request]>([
  ['KV_KEY_TOO_LARGE', { kind: 'put', key: long, value }],
  ['KV_KEY_TOO_LARGE', { kind: 'get', key: long }],
  ['KV_KEY_TOO_LARGE', { kind: 'delete', key: long }],
  ['KV_KEY_TOO_LARGE', { kind: 'getMany', keys: [key, long] }],
  ['KV_KEY_TOO_LARGE', { kind: 'batch', operations: [{ type: 'delete', key: long }] }],
  ['KV_VALUE_TOO_LARGE', { kind: 'put', key, value: long }],
  ['KV_VALUE_TOO_LARGE', { kind: 'batch', operations: [{ type: 'put', key, value: long }] }],
  ['KV_BATCH_TOO_LARGE', { kind: 'getMany', keys: [key, key, key] }],
  ['KV_BATCH_TOO_LARGE', { kind: 'batch', operations: [put, put] }],
])('%s: %j', (code, request) => {
  expect(() => checkRequest(request, limits)).toThrow(
    expect.objectContaining({ code, outcome: 'not-applied' }),
  )
})
