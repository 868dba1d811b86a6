import { randomUUID } from 'node:crypto'
import type { StoreErrorCode } from '@kv/engine'
import { KvError as StoreError } from '@kv/engine'
import { describeKey, KvError } from '@kv/protocol'
import type { Logger } from './logging.ts'

/** Their texts name files and system errors of this machine, which are for its log. */
const privateTexts: Partial<Record<StoreErrorCode, string>> = {
  KV_STORAGE_FAILED:
    'the disk of the server failed; whether this write is on it is unknown; the server ends',
  KV_CORRUPT_STORE: 'a file of the store is damaged; nothing was changed',
  KV_LOCKED: 'another process holds the data directory; nothing was changed',
}

/**
 * What a client hears of a failure: a code, and a text without paths or stacks. What it may not hear is
 * logged under an id, which it gets instead.
 */
export function toWireError(error: unknown, logger: Logger): KvError {
  if (error instanceof KvError) return error
  if (error instanceof StoreError) return fromStore(error, logger)
  if (error instanceof TypeError || error instanceof RangeError) {
    // The store's word for arguments it does not take; it says that nothing was done.
    logger.warn({ err: error }, 'a request had a wrong argument')
    return new KvError('KV_BAD_REQUEST', error.message)
  }
  const errorId = log(error, logger)
  return new KvError(
    'KV_INTERNAL',
    `the server failed; whether the request took effect is unknown; its log has more under ${errorId}`,
    { details: { errorId } },
  )
}

function fromStore(error: StoreError, logger: Logger): KvError {
  const text =
    error.code === 'KV_CORRUPT_RECORD' ? corruptRecordText(error) : privateTexts[error.code]
  if (text === undefined) return new KvError(error.code, error.message, { details: error.details })
  const errorId = log(error, logger)
  return new KvError(error.code, `${text}; the server's log has more under ${errorId}`, {
    details: { errorId },
  })
}

/** Names the key, so that it can be written anew or left out. */
function corruptRecordText({ details }: StoreError): string {
  const key = Buffer.from(String(details['key']), 'latin1')
  return `the record of the key ${describeKey(key)} is damaged; nothing was changed; write that key anew, or restore it from a backup`
}

function log(error: unknown, logger: Logger): string {
  const errorId = randomUUID()
  logger.error({ err: error, errorId }, 'a request failed')
  return errorId
}
