import { KvError as StoreError, type StoreErrorCode, storeErrorTraits } from '@kv/engine'
import { errorTable, KvError } from '@kv/protocol'
import { expect, test } from 'vitest'
import { type LogLine, recordingLogger } from '../test/test-node.ts'
import { toWireError } from './wire-error.ts'

const storeErrorCodes = Object.keys(storeErrorTraits) as StoreErrorCode[]

test.each(storeErrorCodes)('%s of the store means the same on the wire', (code) => {
  expect(errorTable[code]).toMatchObject(storeErrorTraits[code])
  const error = toWireError(new StoreError(code, 'text'), recordingLogger([]))
  expect(error).toBeInstanceOf(KvError)
  expect(error).toMatchObject({ code, ...storeErrorTraits[code] })
})

test('message and details of a refusal are passed on', () => {
  const refusal = new StoreError('KV_TRY_LATER', 'later', { details: { retryAfterMs: 50 } })
  const lines: LogLine[] = []
  expect(toWireError(refusal, recordingLogger(lines))).toMatchObject({
    message: 'later',
    details: { retryAfterMs: 50 },
  })
  expect(lines).toEqual([])
})

test.each(['KV_STORAGE_FAILED', 'KV_CORRUPT_RECORD', 'KV_CORRUPT_STORE', 'KV_LOCKED'] as const)(
  '%s keeps paths for the log, under the id the client gets',
  (code) => {
    const lines: LogLine[] = []
    const secret = '/var/data/log/1.data'
    const failure = new StoreError(code, `read of ${secret}`, { details: { path: secret } })
    const error = toWireError(failure, recordingLogger(lines))
    expect(JSON.stringify([error.message, error.details])).not.toContain(secret)
    expect(error.details).toEqual({ errorId: lines[0]?.['errorId'] })
    expect(JSON.stringify(lines)).toContain(secret)
  },
)

test('wrong arguments are bad requests', () => {
  const logger = recordingLogger([])
  const message = 'limit must be 1; nothing was done'
  const refused = { code: 'KV_BAD_REQUEST', message }
  expect(toWireError(new RangeError(message), logger)).toMatchObject(refused)
  expect(toWireError(new TypeError('key'), logger)).toMatchObject({ code: 'KV_BAD_REQUEST' })
})

test.each([new Error('at /home/x/secret.ts'), 'a text', undefined, { code: 'EIO' }])(
  'anything else is KV_INTERNAL with an id, and nothing of it reaches the client: %s',
  (thrown) => {
    const lines: LogLine[] = []
    const error = toWireError(thrown, recordingLogger(lines))
    expect(error.code).toBe('KV_INTERNAL')
    expect(error.details).toEqual({ errorId: lines[0]?.['errorId'] })
    expect(error.message).not.toContain('secret')
    expect(lines).toHaveLength(1)
  },
)

test('an error of the wire is left as it is', () => {
  const error = new KvError('KV_BAD_REQUEST', 'x')
  expect(toWireError(error, recordingLogger([]))).toBe(error)
})
