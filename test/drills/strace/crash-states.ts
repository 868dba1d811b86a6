import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import type { SimFileSystem } from '../../../packages/engine/src/file-system/sim-file-system.ts'
import { keyText } from '../../../packages/engine/src/key-text.ts'
import { Store } from '../../../packages/engine/src/store.ts'
import { SteppingClock } from '../../../packages/engine/test/crash/stepping-clock.ts'
import { RecordedHistory } from './recorded-history.ts'
import { dataPath, type Recording, segmentBytes } from './recording.ts'

/** Opens states that power cuts leave, each once, and holds what is in them against what was written. */
export class CrashStates {
  readonly #history = new RecordedHistory()
  /** The version as of which a state opens, by what is in it. */
  readonly #versions = new Map<string, number>()

  constructor({ writes }: Recording) {
    for (const [version, operations] of writes) this.#history.add(version, operations)
  }

  /** How many different states were opened. */
  get opened(): number {
    return this.#versions.size
  }

  /** Throws unless `disk` opens as the store as of some version from `acknowledged` on. */
  async check(disk: SimFileSystem, acknowledged: number): Promise<void> {
    const print = fingerprint(disk)
    let version = this.#versions.get(print)
    if (version === undefined) {
      version = await this.#open(disk)
      // A power cut right behind the recovery: recovering twice is recovering once.
      const again = await this.#open(disk.crash({ data: 'none', names: 'dropped' }))
      assert.equal(again, version, 'the version as of which it opens the second time (I10)')
      this.#versions.set(print, version)
      // The simulated disk lives in microtasks: without this nothing else ever has its turn.
      await setImmediate()
    }
    assert(
      version >= acknowledged,
      `version ${acknowledged} was acknowledged, the store has only ${version} (I1)`,
    )
  }

  /** Returns the version that it ends at. */
  async #open(disk: SimFileSystem): Promise<number> {
    const clock = new SteppingClock()
    const options = { fileSystem: disk, clock, segmentBytes, autoMerge: false }
    const store = await Store.open(dataPath, options)
    const version = store.appliedIndex
    const isEnd = this.#history.mayEndAt(version)
    assert(isEnd, `version ${version} is inside a batch, or nobody's (I3)`)
    const expected = this.#history.stateAt(version)
    let keys = 0
    for await (const { key, value, version } of store.range()) {
      const entry = expected.get(keyText(key))
      assert.deepEqual({ value: keyText(value), version }, entry, `${keyText(key)} (I1, I2)`)
      keys++
    }
    assert.equal(keys, expected.size, 'number of keys (I1, I5)')
    return version
  }
}

/** Of all files with their names. */
function fingerprint(disk: SimFileSystem): string {
  const hash = createHash('sha1')
  for (const [path, bytes] of disk.files()) hash.update(`${path} ${bytes.length}\n`).update(bytes)
  return hash.digest('base64')
}
