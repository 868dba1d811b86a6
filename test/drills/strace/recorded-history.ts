import assert from 'node:assert/strict'
import { keyText } from '../../../packages/engine/src/key-text.ts'
import type { Operation } from '../../../packages/protocol/src/index.ts'

interface HistoryEntry {
  readonly value: string
  readonly version: number
}

export type HistoryState = ReadonlyMap<string, HistoryEntry>

/** Everything that was ever written, by version, as answers told it: what a store may hold as of any version. */
export class RecordedHistory {
  readonly #writes = new Map<number, { operation: Operation; isLast: boolean }>()
  readonly #states: HistoryState[] = [new Map()]

  /** The version of the last write. */
  get version(): number {
    return this.#writes.size
  }

  /** A write whose first operation has this version. */
  add(firstVersion: number, operations: readonly Operation[]): void {
    for (const [place, operation] of operations.entries()) {
      const version = firstVersion + place
      assert(!this.#writes.has(version), `version ${version} was given twice`)
      this.#writes.set(version, { operation, isLast: place === operations.length - 1 })
    }
  }

  /** Whether a store may end with this version: after it nothing is left of a batch. */
  mayEndAt(version: number): boolean {
    return version === 0 || this.#writes.get(version)?.isLast === true
  }

  /** What a store holds as of `version`, in key order. */
  stateAt(version: number): HistoryState {
    while (this.#states.length <= version) {
      const next = this.#states.length
      const write = this.#writes.get(next)
      assert(write !== undefined, `nobody was told of version ${next}`)
      const state = new Map(this.#states[next - 1])
      const { operation } = write
      const key = keyText(operation.key)
      if (operation.type === 'delete') state.delete(key)
      else state.set(key, { value: keyText(operation.value), version: next })
      this.#states.push(state)
    }
    return this.#states[version]!
  }
}
