import { checkedKey, checkedValue } from './bytes-argument.ts'
import type { CommitQueue } from './commit-queue.ts'
import type { DiskReserve } from './disk-reserve.ts'
import type { LogOperation, PendingKey } from './group.ts'
import { KeyScratch } from './key-scratch.ts'
import type { KeydirCap } from './keydir-cap.ts'
import type { LiveKeys } from './live-keys.ts'
import { refuseUnknownNames } from './option-names.ts'
import type { StoreConfiguration } from './options.ts'
import { PlainBatch } from './plain-batch.ts'
import { deleteRange, rangeToDelete } from './range-delete.ts'
import { neverExpires, recordKind } from './record.ts'
import type {
  BatchOperation,
  Bytes,
  DeleteOptions,
  DeleteRangeOptions,
  DeleteRangeResult,
  DeleteResult,
  PutOptions,
  ReachedDurability,
  WriteOptions,
  WriteResult,
} from './results.ts'
import type { StoreCounters } from './store-counters.ts'
import { absentVersion, type VersionMismatch, versionMismatch } from './write-condition.ts'
import {
  batchOptionNames,
  type CheckedOperation,
  deleteOptionNames,
  logOperation,
  logOperations,
  PromisedWrite,
  putOptionNames,
  wantsSync,
} from './write-request.ts'

const noOptions = Object.freeze({})
const noBytes = new Uint8Array(0)

/**
 * Takes writes in: checks them against the limits, their conditions and the disk's reserve, and hands them to the
 * commit queue. What is refused has changed nothing.
 */
export class Writes {
  readonly #configuration: StoreConfiguration
  readonly #commits: CommitQueue
  readonly #keys: LiveKeys
  readonly #disk: DiskReserve
  readonly #cap: KeydirCap
  readonly #counters: StoreCounters
  readonly #refuseWhenClosed: () => void
  readonly #scratch = new KeyScratch()
  readonly #plainBatch = new PlainBatch()
  /** Filled in for each put: the log copies what it is given before the call returns. */
  readonly #plainPut: readonly [{ -readonly [F in keyof LogOperation]: LogOperation[F] }] = [
    { kind: recordKind.put, key: noBytes, value: noBytes, expiresAt: neverExpires },
  ]

  constructor(
    configuration: StoreConfiguration,
    commits: CommitQueue,
    keys: LiveKeys,
    disk: DiskReserve,
    cap: KeydirCap,
    counters: StoreCounters,
    refuseWhenClosed: () => void,
  ) {
    this.#configuration = configuration
    this.#commits = commits
    this.#keys = keys
    this.#disk = disk
    this.#cap = cap
    this.#counters = counters
    this.#refuseWhenClosed = refuseWhenClosed
  }

  put(key: Bytes, value: Bytes, options: PutOptions = noOptions): Promise<WriteResult> {
    if (options === noOptions) return this.#putPlain(key, value)
    return this.#write('puts', options, putOptionNames, () => {
      const { ifVersion, ifAbsent, ttlMs } = options
      return [this.#checked({ type: 'put', key, value, ifVersion, ifAbsent, ttlMs })]
    })
  }

  async delete(key: Bytes, options: DeleteOptions = noOptions): Promise<DeleteResult> {
    this.#refuseWhenClosed()
    const keyBytes = checkedKey(key, this.#configuration.keyBytesMax)
    this.#commits.refuseIfFailed()
    const { ifVersion } = options
    const pending = this.#commits.pendingKey(keyBytes)
    if (ifVersion !== undefined || this.#versionOf(keyBytes, pending) !== absentVersion) {
      const { version, durability } = await this.#write(
        'deletes',
        options,
        deleteOptionNames,
        () => [this.#checked({ type: 'delete', key: keyBytes, ifVersion })],
      )
      return { existed: true, version, durability }
    }
    refuseUnknownNames(options, deleteOptionNames, 'option')
    this.#counters.operations.deletes++
    // That the key is absent holds only once the delete that removes it has been committed.
    const reached =
      pending === undefined ? this.#modeReached() : await this.#watch(pending.index, options)
    const durability = wantsSync(options) ? await this.#syncedAfter(reached) : reached
    return { existed: false, version: undefined, durability }
  }

  batch(
    operations: readonly BatchOperation[],
    options: WriteOptions = noOptions,
  ): Promise<WriteResult> {
    const isPlain =
      options === noOptions &&
      !this.#cap.isFull &&
      this.#plainBatch.take(operations, this.#configuration)
    if (isPlain) return this.#submitPlainBatch()
    return this.#write('batches', options, batchOptionNames, () =>
      logOperations(operations, this.#configuration, this.#commits.timestamp()),
    )
  }

  /** Most writes are puts without options: nothing is made for one but its promise and its waiter. */
  #putPlain(key: Bytes, value: Bytes): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      this.#refuseWhenClosed()
      const start = this.#configuration.clock.monotonic()
      const waiter = new PromisedWrite(noOptions, start, this.#counters.writes, resolve, reject)
      try {
        const { keyBytesMax, valueBytesMax } = this.#configuration
        const [operation] = this.#plainPut
        operation.key = this.#scratch.key(key, keyBytesMax)
        operation.value = checkedValue(value, valueBytesMax)
        this.#commits.refuseIfFailed()
        this.#disk.refuseWhenLow()
        this.#cap.refuseNewKeys(this.#plainPut)
        waiter.version = this.#commits.submit(this.#plainPut, waiter)
        this.#counters.operations.puts++
        operation.value = noBytes
      } catch (error) {
        this.#counters.operations.refused++
        throw error
      }
    })
  }

  /** Submits the batch that was taken in. */
  #submitPlainBatch(): Promise<WriteResult> {
    const batch = this.#plainBatch
    return new Promise((resolve, reject) => {
      this.#refuseWhenClosed()
      const start = this.#configuration.clock.monotonic()
      const waiter = new PromisedWrite(noOptions, start, this.#counters.writes, resolve, reject)
      try {
        this.#commits.refuseIfFailed()
        if (batch.hasPut) this.#disk.refuseWhenLow()
        waiter.version = this.#commits.submit(batch, waiter)
        this.#counters.operations.batches++
      } catch (error) {
        this.#counters.operations.refused++
        throw error
      } finally {
        batch.clear()
      }
    })
  }

  /**
   * Submits what `operations` returns. What is refused is counted: too large, too much at once, under a condition that
   * does not hold, without room, or after a failure.
   */
  #write(
    counter: 'puts' | 'deletes' | 'batches',
    options: WriteOptions,
    optionNames: readonly string[],
    operations: () => readonly CheckedOperation[],
  ): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      this.#refuseWhenClosed()
      if (options !== noOptions) refuseUnknownNames(options, optionNames, 'option')
      const start = this.#configuration.clock.monotonic()
      const waiter = new PromisedWrite(options, start, this.#counters.writes, resolve, reject)
      try {
        const checked = operations()
        this.#commits.refuseIfFailed()
        if (checked.some(({ kind }) => kind === recordKind.put)) this.#disk.refuseWhenLow()
        this.#cap.refuseNewKeys(checked)
        const mismatch = this.#firstMismatch(checked, counter === 'batches')
        if (mismatch === undefined) waiter.version = this.#commits.submit(checked, waiter)
        else this.#refuseMismatch(mismatch, reject)
        this.#counters.operations[mismatch === undefined ? counter : 'refused']++
      } catch (error) {
        this.#counters.operations.refused++
        throw error
      }
    })
  }

  #firstMismatch(
    operations: readonly CheckedOperation[],
    isBatch: boolean,
  ): VersionMismatch | undefined {
    for (let place = 0; place < operations.length; place++) {
      const { key, onlyIfVersion } = operations[place]!
      if (onlyIfVersion === undefined) continue
      const pending = this.#commits.pendingKey(key)
      const current = this.#versionOf(key, pending)
      if (current !== onlyIfVersion) {
        const error = versionMismatch(onlyIfVersion, current, isBatch ? place : undefined)
        return { error, decidedBy: pending?.index }
      }
    }
    return undefined
  }

  /** That a condition does not hold is true only once the write that decided it has been committed. */
  #refuseMismatch({ error, decidedBy }: VersionMismatch, reject: (error: Error) => void): void {
    if (decidedBy === undefined) {
      reject(error)
      return
    }
    this.#commits.watch(decidedBy, {
      wantsSync: false,
      committed: () => reject(error),
      failed: reject,
    })
  }

  /** Version of a key behind all that is under way; `absentVersion` when it is not there. */
  #versionOf(key: Uint8Array, pending: PendingKey | undefined): number {
    if (pending === undefined) return this.#keys.lookup(key)?.index ?? absentVersion
    return pending.exists && !this.#keys.hasExpired(pending) ? pending.index : absentVersion
  }

  #checked(operation: BatchOperation): CheckedOperation {
    return logOperation(operation, this.#configuration, this.#commits.timestamp())
  }

  /** The tombstones of a range delete: {@link deleteRange}. */
  async deleteRange(options: DeleteRangeOptions): Promise<DeleteRangeResult> {
    this.#refuseWhenClosed()
    const bounds = rangeToDelete(options)
    const mustSync = wantsSync(options)
    this.#counters.operations.deletes++
    const { deleted, lastVersion } = await deleteRange(
      {
        keys: this.#keys,
        commits: this.#commits,
        refuseWhenClosed: this.#refuseWhenClosed,
      },
      bounds,
    )
    const reached = this.#modeReached()
    const durability = mustSync ? await this.#syncedAfter(reached) : reached
    return { deleted, version: lastVersion, durability }
  }

  async #watch(index: number, options: WriteOptions): Promise<ReachedDurability> {
    const start = this.#configuration.clock.monotonic()
    const { durability } = await new Promise<WriteResult>((resolve, reject) => {
      const waiter = new PromisedWrite(options, start, this.#counters.writes, resolve, reject)
      this.#commits.watch(index, waiter)
    })
    return durability
  }

  #modeReached(): ReachedDurability {
    return this.#configuration.durability === 'always' ? 'synced' : 'written'
  }

  async #syncedAfter(reached: ReachedDurability): Promise<'synced'> {
    if (reached === 'written') await this.#commits.sync()
    return 'synced'
  }
}
