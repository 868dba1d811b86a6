/** The errors a client makes itself. Each says what happened, what was not done, and what to do. */
import { KvError } from '@kv/protocol'
import type { Address } from './address.ts'
import { describeAddress } from './address.ts'
import type { Call } from './call.ts'

export function unreachable(address: Address, cause: unknown): KvError {
  return new KvError(
    'KV_UNREACHABLE',
    `no connection to ${describeAddress(address)} (${reasonOf(cause)}); nothing was sent: is the node running? start it with npm start`,
    { cause },
  )
}

export function notGreeted(address: Address, what: string): KvError {
  return new KvError(
    'KV_UNREACHABLE',
    `${describeAddress(address)} ${what}; nothing was sent: is it the client port of a kv node?`,
  )
}

export function connectionLost(address: Address, cause: unknown): KvError {
  return new KvError(
    'KV_UNREACHABLE',
    `the connection to ${describeAddress(address)} was lost (${reasonOf(cause)})`,
    { cause },
  )
}

/** For a call that was in flight when its connection was lost, and is not asked again. */
export function lostInFlight(call: Call, cause: KvError): KvError {
  if (call.isRead) {
    return new KvError(
      'KV_UNREACHABLE',
      `${cause.message}; the ${call.kind} was asked ${call.losses} times and not answered: try it again`,
      { cause },
    )
  }
  return new KvError(
    'KV_OUTCOME_UNKNOWN',
    `${cause.message}; the ${call.kind} was sent and not answered, it may or may not have taken effect: read before you repeat it`,
    { cause },
  )
}

/** For a call that waits for a connection when the attempts to make one are given up. */
export function notConnected(call: Call, cause: KvError): KvError {
  // The call was not sent, so nothing of it is unknown, whatever happened to others.
  const code = cause.outcome === 'unknown' ? 'KV_UNREACHABLE' : cause.code
  const message = `the ${call.kind} found no connection: ${cause.message}`
  return new KvError(code, message, { cause, details: cause.details })
}

/** For a call whose time is over; `cause` is why there is no connection, where there is none. */
export function timedOut(call: Call, cause: KvError | undefined): KvError {
  const { kind, timeoutMs } = call
  if (cause !== undefined) {
    return new KvError(
      'KV_UNREACHABLE',
      `the ${kind} waited for a connection until its ${timeoutMs} ms were over: ${cause.message}`,
      { cause },
    )
  }
  if (call.sent && !call.isRead) {
    return new KvError(
      'KV_OUTCOME_UNKNOWN',
      `the ${kind} was sent and not answered within ${timeoutMs} ms, it may or may not take effect: read before you repeat it`,
    )
  }
  const what = call.sent ? 'was not answered' : 'found no room among the requests in flight'
  return new KvError('KV_TIMEOUT', `the ${kind} ${what} within ${timeoutMs} ms; nothing was done`)
}

/** `details.sent` tells whether a write may take effect all the same. */
export function cancelled(call: Call): KvError {
  const what = call.sent ? 'after it was sent' : 'before it was sent; nothing was done'
  const effect = call.sent && !call.isRead ? ', it may or may not take effect' : ''
  return new KvError('KV_CANCELLED', `the ${call.kind} was cancelled ${what}${effect}`, {
    cause: call.signal?.reason,
    details: { sent: call.sent },
  })
}

/** A queue of the client is full. */
export function full(what: string): KvError {
  return new KvError('KV_TRY_LATER', `${what}; the call was not sent: await earlier calls first`)
}

export function closed(): KvError {
  return new KvError('KV_CLOSED', 'the client is closed; nothing was done: connect again')
}

export function badAnswer(what: string): KvError {
  return new KvError('KV_BAD_ANSWER', `${what}; the connection is given up`)
}

/** System errors have a code that says more in less; the one for several addresses has no message at all. */
function reasonOf(cause: unknown): string {
  if (cause instanceof KvError) return cause.message
  if (!(cause instanceof Error)) return String(cause)
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}
