import type { Durability } from '@kv/protocol'
import { durabilityCodes } from '@kv/protocol'

/** What every call takes. */
export interface CallOptions {
  /** Ends the call with KV_CANCELLED, in flight too. */
  readonly signal?: AbortSignal | undefined
  /** 1 to 2^31 - 1; without it the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number | undefined
}

export interface WriteOptions extends CallOptions {
  /** The least that is good enough; without it the server's own mode. */
  readonly durability?: Durability | undefined
}

export interface DeleteOptions extends WriteOptions {
  /** Only if the key's current version is this one, 0 for no such key; else KV_VERSION_MISMATCH. */
  readonly ifVersion?: number | undefined
}

export interface PutOptions extends DeleteOptions {
  /** Only if the key does not exist, else KV_VERSION_MISMATCH. */
  readonly ifAbsent?: boolean | undefined
  /** The key is gone so many ms after the server has taken it; a whole number from 1 on. */
  readonly ttlMs?: number | undefined
}

/** Conditions of one operation in a batch. */
export type PutConditions = Pick<PutOptions, 'ifVersion' | 'ifAbsent'>
export type DeleteConditions = Pick<DeleteOptions, 'ifVersion'>

/** Longest time a Node timer can wait. */
export const timeoutMsMax: number = 2 ** 31 - 1

const optionNames: readonly string[] = [
  'signal',
  'timeoutMs',
  'durability',
  'ifVersion',
  'ifAbsent',
  'ttlMs',
]

/** Throws for an unknown option too: a misspelt condition must not be dropped. */
export function checkCallOptions(options: CallOptions): void {
  refuseUnknown(options, optionNames)
  const { signal, timeoutMs } = options
  if (timeoutMs !== undefined && !isTimeout(timeoutMs)) {
    throw new RangeError(`timeoutMs must be a whole number from 1 to ${timeoutMsMax}`)
  }
  if (signal !== undefined && typeof signal.addEventListener !== 'function') {
    throw new TypeError('signal must be an AbortSignal')
  }
}

export function refuseUnknown(options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    throw new TypeError(`unknown option '${name}'; there are: ${names.join(', ')}`)
  }
}

export function isTimeout(timeoutMs: unknown): boolean {
  return Number.isInteger(timeoutMs) && Number(timeoutMs) >= 1 && Number(timeoutMs) <= timeoutMsMax
}

/** Undefined when nothing of it is asked for: then nothing of it is sent. */
export function writeOptionsOf(
  options: PutOptions,
): (PutConditions & Pick<PutOptions, 'durability' | 'ttlMs'>) | undefined {
  const { durability, ttlMs } = options
  if (durability !== undefined && !Object.hasOwn(durabilityCodes, durability)) {
    throw new TypeError(`durability must be one of ${Object.keys(durabilityCodes).join(', ')}`)
  }
  if (ttlMs !== undefined && !(Number.isSafeInteger(ttlMs) && ttlMs >= 1)) {
    throw new RangeError('ttlMs must be a whole number from 1 on')
  }
  const conditions = conditionsOf(options)
  if (durability === undefined && ttlMs === undefined) return conditions
  return { ...conditions, durability, ttlMs }
}

export function conditionsOf(conditions: PutConditions | undefined): PutConditions | undefined {
  if (conditions === undefined) return undefined
  const { ifVersion, ifAbsent } = conditions
  if (ifVersion !== undefined && !(Number.isSafeInteger(ifVersion) && ifVersion >= 0)) {
    throw new RangeError('ifVersion must be a version, a whole number from 0 on')
  }
  if (ifAbsent !== undefined && typeof ifAbsent !== 'boolean') {
    throw new TypeError('ifAbsent must be true or false')
  }
  if (ifVersion !== undefined && ifAbsent === true) {
    throw new TypeError('ifVersion and ifAbsent exclude each other: pass one of them')
  }
  return ifVersion === undefined && ifAbsent === undefined ? undefined : { ifVersion, ifAbsent }
}
