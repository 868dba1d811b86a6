import { checkedKey, checkedValue } from './bytes-argument.ts'
import { KvError } from './errors.ts'
import type { LogOperation, Waiter } from './group.ts'
import type { StoreConfiguration } from './options.ts'
import { recordKind } from './record.ts'
import type { BatchOperation, ReachedDurability, WriteOptions } from './results.ts'

const noValue = new Uint8Array(0)

/** What callers ask to be written, checked against the limits before anything is. */
export type WriteLimits = Pick<
  StoreConfiguration,
  'keyBytesMax' | 'valueBytesMax' | 'batchBytesMax' | 'batchOperationsMax'
>

/** Checks one operation. Throws `TypeError`, KV_KEY_TOO_LARGE or KV_VALUE_TOO_LARGE. */
export function logOperation(operation: BatchOperation, limits: WriteLimits): LogOperation {
  const key = checkedKey(operation.key, limits.keyBytesMax)
  switch (operation.type) {
    case 'put':
      return {
        kind: recordKind.put,
        key,
        value: checkedValue(operation.value, limits.valueBytesMax),
      }
    case 'delete':
      return { kind: recordKind.tombstone, key, value: noValue }
    default:
      throw new TypeError("an operation's type must be 'put' or 'delete'")
  }
}

/** Checks a batch. Throws as {@link logOperation}, `RangeError` when it is empty, or KV_BATCH_TOO_LARGE. */
export function logOperations(
  operations: readonly BatchOperation[],
  limits: WriteLimits,
): LogOperation[] {
  if (operations.length === 0) throw new RangeError('a batch must hold at least one operation')
  if (operations.length > limits.batchOperationsMax) {
    throw new KvError(
      'KV_BATCH_TOO_LARGE',
      `the batch has ${operations.length} operations, more than batchOperationsMax (${limits.batchOperationsMax}); nothing was written; split it`,
    )
  }
  const checked = operations.map((operation) => logOperation(operation, limits))
  const bytes = checked.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
  if (bytes > limits.batchBytesMax) {
    throw new KvError(
      'KV_BATCH_TOO_LARGE',
      `the batch has ${bytes} bytes, more than batchBytesMax (${limits.batchBytesMax}); nothing was written; split it`,
    )
  }
  return checked
}

/** Whether a write is wished to be on the disk. Throws `TypeError` for a wish there is not. */
export function wantsSync({ durability }: WriteOptions): boolean {
  if (durability === undefined || durability === 'written') return false
  if (durability === 'synced') return true
  throw new TypeError(`the durability must be 'written' or 'synced', not ${String(durability)}`)
}

/** A waiter that settles a promise with what was reached. */
export class PromisedWrite implements Waiter {
  readonly wantsSync: boolean
  readonly durability: Promise<ReachedDurability>
  #resolve!: (durability: ReachedDurability) => void
  #reject!: (error: Error) => void

  constructor(options: WriteOptions) {
    this.wantsSync = wantsSync(options)
    this.durability = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
  }

  committed(synced: boolean): void {
    this.#resolve(synced ? 'synced' : 'written')
  }

  failed(error: Error): void {
    this.#reject(error)
  }
}
