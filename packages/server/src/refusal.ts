/** Why what is asked is not even begun. Nothing is done then, so it may be asked again. */
import type { Request } from '@kv/protocol'
import { KvError } from '@kv/protocol'

const retryAfterMs = 100

/**
 * Undefined for a request that may begin `waitedMs` after it came. A full server still begins those that show
 * its state.
 */
export function refusalOf(
  { kind, context }: Request<Buffer>,
  waitedMs: number,
  isFull: boolean,
): KvError | undefined {
  const timeoutMs = context?.timeoutMs
  if (timeoutMs !== undefined && waitedMs >= timeoutMs) {
    return new KvError('KV_TIMEOUT', `${timeoutMs} ms passed before it began; nothing was done`)
  }
  if (isFull && kind !== 'ping' && kind !== 'stats') {
    return tryLater('the server holds as many bytes as it may; nothing was done')
  }
  return undefined
}

export function tryLater(why: string): KvError {
  return new KvError('KV_TRY_LATER', `${why}; try again in ${retryAfterMs} ms`, {
    details: { retryAfterMs },
  })
}

export function shuttingDown(): KvError {
  return new KvError(
    'KV_SHUTTING_DOWN',
    'the server is stopping; nothing was done; try again later, or another node',
  )
}
