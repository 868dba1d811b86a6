/** A store with its model beside it: what is done to one is done to the other, and both must agree. */
import assert from 'node:assert/strict'
import { KvError } from '../../src/errors.ts'
import type { FileSystem } from '../../src/file-system/file-system.ts'
import type { SimFileSystem } from '../../src/file-system/sim-file-system.ts'
import { keyText, textKey } from '../../src/key-text.ts'
import type { StoreOptions } from '../../src/options.ts'
import { recordBytes } from '../../src/record.ts'
import type { BatchOperation, ReachedDurability } from '../../src/results.ts'
import { Store } from '../../src/store.ts'
import {
  type Disaster,
  Model,
  type ModelEntry,
  type Operation,
  type Submission,
  type Write,
} from './model.ts'

export const directory = '/db'

export class ModelledStore<D extends FileSystem = SimFileSystem> {
  readonly store: Store
  readonly disk: D
  readonly model: Model
  /** The first error that a write ended in. */
  failure: KvError | undefined
  /** Writes that have not ended. */
  readonly #underWay = new Set<Promise<unknown>>()

  private constructor(store: Store, disk: D, model: Model) {
    this.store = store
    this.disk = disk
    this.model = model
  }

  /** Opens the store on `disk`, or behind the door to it that the options bring, and checks that it is one that `disaster` may leave of `model`. */
  static async open<D extends FileSystem>(
    disk: D,
    options: StoreOptions,
    model: Model = new Model(),
    disaster: Disaster = 'kill',
    path: string = directory,
  ): Promise<ModelledStore<D>> {
    const store = await Store.open(path, { fileSystem: disk, ...options })
    try {
      const opened = new ModelledStore(store, disk, model.recovered(store.appliedIndex, disaster))
      await opened.check()
      return opened
    } catch (error) {
      await store.close().catch(() => undefined)
      throw error
    }
  }

  /**
   * Begins a write and notes in the model how it ends. Resolves with the error it ended in, if it did; rejects
   * where store and model do not agree.
   */
  write(write: Write): Promise<KvError | undefined> {
    const submission = this.model.submit(write)
    const ended = this.#send(write).then(
      ({ version, durability }) => {
        const logged = submission.operations.length > 0
        // That a key is absent, a store that has failed says without regard to writes in doubt.
        if (version === undefined && this.store.stats().failed) return undefined
        assert.equal(version, logged ? submission.firstVersion : undefined, 'version of a write')
        this.model.acknowledge(submission, durability)
        return undefined
      },
      (error: unknown) => this.#refused(submission, error),
    )
    const underWay = ended.finally(() => this.#underWay.delete(underWay))
    this.#underWay.add(underWay)
    return underWay
  }

  /** Resolves once no write is under way. */
  async idle(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** Ends the store well: all that was written is on the disk then. */
  async close(): Promise<void> {
    await this.idle()
    await this.store.close()
    this.model.settle()
  }

  /** Compares all content, and what the store says of it. No write may be under way. */
  async check(): Promise<void> {
    const { store, model } = this
    const expected = [...model.state].sort(([a], [b]) => (a < b ? -1 : 1))
    let place = 0
    for await (const { key, value, version } of store.range()) {
      checkEntry(expected[place++], keyText(key), { value: keyText(value), version })
    }
    assert.equal(place, expected.length, 'number of keys')
    const { keys, files } = store.stats()
    assert.equal(keys, expected.length, 'keys in stats')
    const liveBytes = expected.reduce(
      (sum, [key, { value }]) => sum + recordBytes(key.length, value.length),
      0,
    )
    assert.equal(files.liveBytes, liveBytes, 'liveBytes in stats')
    assert.equal(store.appliedIndex, model.version, 'applied index')
  }

  async #send({
    type,
    operations,
    durability,
    condition,
  }: Write): Promise<{ version: number | undefined; durability: ReachedDurability }> {
    const options = durability === undefined ? {} : { durability }
    const [first] = operations
    if (type === 'batch') return this.store.batch(operations.map(withBytes), options)
    if (first!.type === 'put') {
      const putOptions = { ...options, ...condition }
      return this.store.put(textKey(first!.key), textKey(first!.value), putOptions)
    }
    return this.store.delete(textKey(first!.key), options)
  }

  #refused(submission: Submission, error: unknown): KvError {
    if (!(error instanceof KvError)) throw error
    this.failure ??= error
    if (error.outcome === 'not-applied') this.model.refuse(submission)
    return error
  }
}

export function checkEntry(
  expected: readonly [string, ModelEntry] | undefined,
  key: string,
  { value, version }: ModelEntry,
): void {
  const isRight =
    expected !== undefined &&
    expected[0] === key &&
    expected[1].value === value &&
    expected[1].version === version
  if (!isRight) assert.deepEqual([key, { value, version }], expected, 'entry of a range')
}

function withBytes(operation: Operation): BatchOperation {
  const key = textKey(operation.key)
  return operation.type === 'put'
    ? { type: 'put', key, value: textKey(operation.value) }
    : { type: 'delete', key }
}
