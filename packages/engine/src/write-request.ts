import { checkedKey, checkedValue } from './bytes-argument.ts'
import { KvError } from './errors.ts'
import type { LogOperation, Waiter } from './group.ts'
import type { LatencyHistogram } from './histogram.ts'
import { refuseUnknownNames } from './option-names.ts'
import type { StoreConfiguration } from './options.ts'
import { neverExpires, recordKind } from './record.ts'
import type { BatchOperation, WriteOptions, WriteResult } from './results.ts'
import { shown } from './shown-value.ts'
import { requiredVersion } from './write-condition.ts'

const noValue = new Uint8Array(0)
/** The longest time to live, in ms: what is left of 2^53 after some 200,000 years of timestamps. */
const ttlMsMax = 2 ** 52

/** The options there are. */
export const batchOptionNames: readonly string[] = ['durability']
export const deleteOptionNames: readonly string[] = [...batchOptionNames, 'ifVersion']
export const putOptionNames: readonly string[] = [...deleteOptionNames, 'ifAbsent', 'ttlMs']
const operationNames = {
  put: ['type', 'key', 'value', 'ifVersion', 'ifAbsent', 'ttlMs'],
  delete: ['type', 'key', 'ifVersion'],
} as const

/** An operation for the log and what it depends on. */
export interface CheckedOperation extends LogOperation {
  /** The one version its key may have before, `absentVersion` for none, undefined for any. */
  readonly onlyIfVersion: number | undefined
}

/** What callers ask to be written, checked against the limits before anything is. */
export type WriteLimits = Pick<
  StoreConfiguration,
  'keyBytesMax' | 'valueBytesMax' | 'batchBytesMax' | 'batchOperationsMax'
>

/**
 * Checks one operation; a time to live starts at `now`, ms since the epoch. Throws `TypeError`, `RangeError`,
 * KV_KEY_TOO_LARGE or KV_VALUE_TOO_LARGE.
 */
export function logOperation(
  operation: BatchOperation,
  limits: WriteLimits,
  now: number,
): CheckedOperation {
  const key = checkedKey(operation.key, limits.keyBytesMax)
  switch (operation.type) {
    case 'put':
      return {
        kind: recordKind.put,
        key,
        value: checkedValue(operation.value, limits.valueBytesMax),
        expiresAt: expiryAfter(operation.ttlMs, now),
        onlyIfVersion: requiredVersion(operation),
      }
    case 'delete':
      return {
        kind: recordKind.tombstone,
        key,
        value: noValue,
        expiresAt: neverExpires,
        onlyIfVersion: requiredVersion(operation),
      }
    default:
      throw new TypeError(
        `an operation's type must be 'put' or 'delete', not ${shown((operation as { type: unknown }).type)}; nothing was done`,
      )
  }
}

/** Checks a batch. Throws as {@link logOperation}, `RangeError` when it is empty, or KV_BATCH_TOO_LARGE. */
export function logOperations(
  operations: readonly BatchOperation[],
  limits: WriteLimits,
  now: number,
): CheckedOperation[] {
  if (!Array.isArray(operations)) {
    throw new TypeError(
      `a batch must be an array of operations, not ${shown(operations)}; nothing was done`,
    )
  }
  if (operations.length === 0) {
    throw new RangeError('a batch must hold at least one operation; nothing was done')
  }
  if (operations.length > limits.batchOperationsMax) {
    throw new KvError(
      'KV_BATCH_TOO_LARGE',
      `the batch has ${operations.length} operations, more than batchOperationsMax (${limits.batchOperationsMax}); nothing was written; split it`,
    )
  }
  const checked = (operations as readonly BatchOperation[]).map((operation, place) => {
    try {
      return operationOfBatch(operation, limits, now)
    } catch (error) {
      throw namingOperation(error, place)
    }
  })
  const bytes = checked.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
  if (bytes > limits.batchBytesMax) {
    throw new KvError(
      'KV_BATCH_TOO_LARGE',
      `the batch has ${bytes} bytes, more than batchBytesMax (${limits.batchBytesMax}); nothing was written; split it`,
    )
  }
  return checked
}

function operationOfBatch(
  operation: BatchOperation,
  limits: WriteLimits,
  now: number,
): CheckedOperation {
  if (typeof operation !== 'object' || operation === null) {
    throw new TypeError(`an operation must be an object, not ${shown(operation)}; nothing was done`)
  }
  const checked = logOperation(operation, limits, now)
  refuseUnknownNames(operation, operationNames[operation.type], 'field of an operation')
  return checked
}

/** What is wrong with one operation, with its place in the batch. */
function namingOperation(error: unknown, place: number): unknown {
  if (!(error instanceof Error)) return error
  const message = `operation ${place}: ${error.message}`
  if (error instanceof KvError) return new KvError(error.code, message, { details: error.details })
  if (error instanceof RangeError) return new RangeError(message)
  return error instanceof TypeError ? new TypeError(message) : error
}

function expiryAfter(ttlMs: number | undefined, now: number): number {
  if (ttlMs === undefined) return neverExpires
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1 || ttlMs > ttlMsMax) {
    throw new RangeError(
      `ttlMs must be a whole number from 1 to 2^52, not ${shown(ttlMs)}; nothing was done`,
    )
  }
  return now + ttlMs
}

/** Whether a write is wished to be on the disk. Throws `TypeError` for a wish there is not. */
export function wantsSync({ durability }: WriteOptions): boolean {
  if (durability === undefined || durability === 'written') return false
  if (durability === 'synced') return true
  throw new TypeError(
    `the durability must be 'written' or 'synced', not ${shown(durability)}; nothing was done`,
  )
}

/** A waiter that settles a promise with what was reached. */
export class PromisedWrite implements Waiter {
  /** Of the write it waits for. */
  version = 0
  readonly wantsSync: boolean
  readonly #start: number
  readonly #latencies: LatencyHistogram
  readonly #resolve: (result: WriteResult) => void
  readonly #reject: (error: Error) => void

  /** `start`: of the call, on the monotonic clock, in ms. */
  constructor(
    options: WriteOptions,
    start: number,
    latencies: LatencyHistogram,
    resolve: (result: WriteResult) => void,
    reject: (error: Error) => void,
  ) {
    this.wantsSync = wantsSync(options)
    this.#start = start
    this.#latencies = latencies
    this.#resolve = resolve
    this.#reject = reject
  }

  committed(synced: boolean, now: number): void {
    this.#latencies.record(now - this.#start)
    this.#resolve({ version: this.version, durability: synced ? 'synced' : 'written' })
  }

  failed(error: Error): void {
    this.#reject(error)
  }
}
