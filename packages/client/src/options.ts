/** Options of a client, with their defaults. */
import type { KvError } from '@kv/protocol'
import { serverLimitsDefault } from '@kv/protocol'
import type { Address } from './address.ts'
import { addressOf, parseAddress } from './address.ts'
import { isTimeout, timeoutMsMax } from './call-options.ts'

export interface ConnectOptions {
  /** `kv://host[:port]`, instead of `host` and `port`. */
  readonly url?: string | undefined
  /** Default 127.0.0.1. */
  readonly host?: string | undefined
  /** Default 7411. */
  readonly port?: number | undefined
  /** Shown in the server's logs; 256 bytes at most. */
  readonly clientName?: string | undefined
  /** For one attempt: TCP connection and hello together. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined
  /** For a call without `timeoutMs`, waiting and retries included. Default 10,000. */
  readonly requestTimeoutMs?: number | undefined
  /** Unanswered requests on the connection; the server's own limit may be lower. Default 1,024. */
  readonly inFlightMax?: number | undefined
  /** Calls that wait for room or for a connection; the next fails with KV_TRY_LATER. Default 16,384. */
  readonly waitingMax?: number | undefined
  /** Bytes of the keys and values of unanswered and waiting calls; past it KV_TRY_LATER. Default 64 MiB. */
  readonly pendingBytesMax?: number | undefined
  readonly reconnect?: ReconnectOptions | undefined
  /** Called after each change, in a turn of its own; `cause` is there when a connection was lost or not made. */
  readonly onStateChange?: ((state: ClientState, cause?: KvError) => void) | undefined
}

export interface ReconnectOptions {
  /** Attempts in a row until waiting calls fail; the next call begins anew. Default: no limit. */
  readonly attemptsMax?: number | undefined
  /** Before the first attempt; doubles with each, and is shortened at random by up to half. Default 50. */
  readonly delayMsMin?: number | undefined
  /** Default 2,000. */
  readonly delayMsMax?: number | undefined
}

/** `disconnected`: attempts are used up, and the next call begins anew. `closed`: by the owner, for good. */
export type ClientState = 'connected' | 'reconnecting' | 'disconnected' | 'closed'

/** Options after checking, none left out. */
export interface Settings {
  readonly address: Address
  readonly clientName: string
  readonly connectTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly inFlightMax: number
  readonly waitingMax: number
  readonly pendingBytesMax: number
  readonly attemptsMax: number
  readonly delayMsMin: number
  readonly delayMsMax: number
  readonly onStateChange: ((state: ClientState, cause?: KvError) => void) | undefined
}

const names: readonly (keyof ConnectOptions)[] = [
  'url',
  'host',
  'port',
  'clientName',
  'connectTimeoutMs',
  'requestTimeoutMs',
  'inFlightMax',
  'waitingMax',
  'pendingBytesMax',
  'reconnect',
  'onStateChange',
]
const reconnectNames: readonly (keyof ReconnectOptions)[] = [
  'attemptsMax',
  'delayMsMin',
  'delayMsMax',
]

/** Throws TypeError or RangeError, naming the option and what it takes. */
export function settingsOf(options: ConnectOptions): Settings {
  checkNames(options, names, 'options')
  const { reconnect = {}, onStateChange, clientName = 'kv-client' } = options
  checkNames(reconnect, reconnectNames, 'reconnect')
  if (onStateChange !== undefined && typeof onStateChange !== 'function') {
    throw new TypeError('onStateChange must be a function')
  }
  const delayMsMin = timeout('reconnect.delayMsMin', reconnect.delayMsMin, 50)
  const delayMsMax = timeout(
    'reconnect.delayMsMax',
    reconnect.delayMsMax,
    Math.max(2_000, delayMsMin),
  )
  if (delayMsMax < delayMsMin) {
    throw new RangeError('reconnect.delayMsMax must not be under reconnect.delayMsMin')
  }
  return {
    address: addressIn(options),
    clientName: nameIn(clientName),
    connectTimeoutMs: timeout('connectTimeoutMs', options.connectTimeoutMs, 5_000),
    requestTimeoutMs: timeout('requestTimeoutMs', options.requestTimeoutMs, 10_000),
    inFlightMax: count('inFlightMax', options.inFlightMax, serverLimitsDefault.inFlightMax),
    waitingMax: count('waitingMax', options.waitingMax, 16_384),
    pendingBytesMax: count('pendingBytesMax', options.pendingBytesMax, 64 * 1024 * 1024),
    attemptsMax: attempts(reconnect.attemptsMax),
    delayMsMin,
    delayMsMax,
    onStateChange,
  }
}

function checkNames(options: object, known: readonly string[], what: string): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`${what} must be an object`)
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown === undefined) return
  throw new TypeError(`'${unknown}' is no option of connect: ${what} has ${known.join(', ')}`)
}

function addressIn({ url, host, port }: ConnectOptions): Address {
  if (url === undefined) return addressOf(host, port)
  if (host !== undefined || port !== undefined) {
    throw new TypeError('url and host or port exclude each other: pass one of them')
  }
  if (typeof url !== 'string')
    throw new TypeError("url must be a string like 'kv://127.0.0.1:7411'")
  return parseAddress(url)
}

function nameIn(clientName: string): string {
  if (typeof clientName === 'string' && Buffer.byteLength(clientName) <= 256) return clientName
  throw new TypeError('clientName must be a string of 256 bytes at most')
}

function timeout(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback
  if (isTimeout(value)) return value
  throw new RangeError(`${name} must be a whole number of milliseconds from 1 to ${timeoutMsMax}`)
}

function count(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new RangeError(`${name} must be a whole number from 1 on`)
}

function attempts(value: number | undefined): number {
  return value === Infinity ? Infinity : count('reconnect.attemptsMax', value, Infinity)
}
