import type { LogOperation, LogOperations } from './group.ts'
import { KeyScratch, scratchBytesMax } from './key-scratch.ts'
import { neverExpires, recordBytes, recordKind } from './record.ts'
import type { BatchOperation, Bytes } from './results.ts'
import type { WriteLimits } from './write-request.ts'

const noBytes = new Uint8Array(0)

/**
 * A batch of puts and deletes without conditions and times to live, as nearly all are, in a form that makes nothing for
 * an operation: they are checked, remembered as they are, and handed to the log one by one in the same object.
 */
export class PlainBatch implements LogOperations {
  readonly #keys: Bytes[] = []
  /** Undefined for a delete. */
  readonly #values: (Uint8Array | undefined)[] = []
  readonly #scratch = new KeyScratch()
  readonly #operation: { -readonly [F in keyof LogOperation]: LogOperation[F] } = {
    kind: recordKind.put,
    key: noBytes,
    value: noBytes,
    expiresAt: neverExpires,
  }
  #recordsBytes = 0
  #hasPut = false
  #keyBytesMax = 0

  get length(): number {
    return this.#keys.length
  }

  get recordsBytes(): number {
    return this.#recordsBytes
  }

  get hasPut(): boolean {
    return this.#hasPut
  }

  /** Takes a batch in. False, and empty, when it is no plain one, or one that is to be refused: the general way says why. */
  take(operations: readonly BatchOperation[], limits: WriteLimits): boolean {
    this.clear()
    this.#keyBytesMax = limits.keyBytesMax
    if (!Array.isArray(operations)) return false
    const count = operations.length
    if (count === 0 || count > limits.batchOperationsMax) return false
    let bytes = 0
    for (const operation of operations) {
      const added = this.#add(operation, limits)
      if (added === -1) {
        this.clear()
        return false
      }
      bytes += added
    }
    if (bytes <= limits.batchBytesMax) return true
    this.clear()
    return false
  }

  /** Good until the next call. */
  at(place: number): LogOperation {
    const operation = this.#operation
    const value = this.#values[place]
    operation.kind = value === undefined ? recordKind.tombstone : recordKind.put
    operation.key = this.#scratch.key(this.#keys[place]!, this.#keyBytesMax)
    operation.value = value ?? noBytes
    return operation
  }

  /** Forgets the batch: what callers handed in is theirs. */
  clear(): void {
    this.#keys.length = 0
    this.#values.length = 0
    this.#operation.key = noBytes
    this.#operation.value = noBytes
    this.#recordsBytes = 0
    this.#hasPut = false
  }

  /** Bytes of key and value; -1 for an operation that is not plain. */
  #add(operation: BatchOperation, { keyBytesMax, valueBytesMax }: WriteLimits): number {
    if (typeof operation !== 'object' || operation === null) return -1
    const { type, key } = operation
    const isPut = type === 'put'
    if (!isPut && type !== 'delete') return -1
    // Any other name is a condition, a time to live, or a mistake.
    if (Object.keys(operation).length !== (isPut ? 3 : 2)) return -1
    const value = isPut ? operation.value : undefined
    if (isPut && !(value instanceof Uint8Array)) return -1
    const valueBytes = value === undefined ? 0 : value.length
    const keyBytes = lengthOf(key)
    if (keyBytes === -1 || keyBytes > keyBytesMax || valueBytes > valueBytesMax) return -1
    this.#keys.push(key)
    this.#values.push(value as Uint8Array | undefined)
    this.#recordsBytes += recordBytes(keyBytes, valueBytes)
    this.#hasPut ||= isPut
    return keyBytes + valueBytes
  }
}

/** In bytes; -1 for what is no key, or text too long for the buffers that are reused. */
function lengthOf(key: Bytes): number {
  if (typeof key !== 'string') return key instanceof Uint8Array ? key.length : -1
  if (key.length > scratchBytesMax || !key.isWellFormed()) return -1
  return Buffer.byteLength(key, 'utf8')
}
