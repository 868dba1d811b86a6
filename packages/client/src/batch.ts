import type { Operation } from '@kv/protocol'
import { KvError } from '@kv/protocol'
import type { Bytes } from './bytes.ts'
import { ownBytes } from './bytes.ts'
import type { DeleteConditions, PutConditions, WriteOptions } from './call-options.ts'
import { conditionsOf } from './call-options.ts'
import type { BatchResult } from './results.ts'

/** Sends the operations of a batch. */
export type CommitBatch = (
  operations: readonly Operation[],
  options: WriteOptions,
) => Promise<BatchResult>

/**
 * Gathers puts and deletes that take effect together or not at all, in the order they were added. Nothing
 * is sent before `commit`. Bytes are copied: the caller may reuse his at once.
 */
export class Batch {
  readonly #commit: CommitBatch
  readonly #operations: Operation[] = []
  #committed = false

  constructor(commit: CommitBatch) {
    this.#commit = commit
  }

  /** Operations added so far. */
  get length(): number {
    return this.#operations.length
  }

  put(key: Bytes, value: Bytes, conditions?: PutConditions): this {
    return this.#add({
      type: 'put',
      key: ownBytes(key, 'key'),
      value: ownBytes(value, 'value'),
      conditions: conditionsOf(conditions),
    })
  }

  delete(key: Bytes, conditions?: DeleteConditions): this {
    return this.#add({
      type: 'delete',
      key: ownBytes(key, 'key'),
      conditions: conditionsOf(conditions),
    })
  }

  /**
   * Rejects with KV_VERSION_MISMATCH, and nothing is applied, where a condition does not hold. Once: only a
   * batch whose error says `not-applied` may be changed and committed again.
   */
  async commit(options: WriteOptions = {}): Promise<BatchResult> {
    this.#checkOpen()
    if (this.length === 0) throw new RangeError('the batch is empty: add a put or a delete first')
    this.#committed = true
    try {
      return await this.#commit(this.#operations, options)
    } catch (error) {
      // What is known to have had no effect may be committed again.
      this.#committed = error instanceof KvError && error.outcome === 'unknown'
      throw error
    }
  }

  #add(operation: Operation): this {
    this.#checkOpen()
    this.#operations.push(operation)
    return this
  }

  #checkOpen(): void {
    if (this.#committed) throw new TypeError('the batch is committed already: begin another one')
  }
}
