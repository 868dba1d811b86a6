/**
 * The oracle: a `Map` and every write in log order, each with what its caller was told. After a crash a store
 * may be any prefix of the log that ends with a whole write and holds what was acknowledged (I1 to I3); which
 * one it is, it says by its applied index.
 *
 * Keys and values are text, one character a byte, so that they compare as bytes do.
 */
import assert from 'node:assert/strict'
import type { ReachedDurability } from '../../src/results.ts'

export type Operation =
  | { readonly type: 'put'; readonly key: string; readonly value: string }
  | { readonly type: 'delete'; readonly key: string }

/** What one call writes. A single delete of an absent key logs nothing, one in a batch does. */
export interface Write {
  readonly type: 'put' | 'delete' | 'batch'
  readonly operations: readonly Operation[]
  readonly durability?: ReachedDurability
  /** Of a put, and it holds. */
  readonly condition?: { readonly ifAbsent: boolean } | { readonly ifVersion: number }
}

export interface ModelEntry {
  readonly value: string
  readonly version: number
}

export type ModelState = ReadonlyMap<string, ModelEntry>

/** A write under way, or ended. It is in the log as the versions [firstVersion, lastVersion], if in any. */
export interface Submission {
  readonly operations: readonly Operation[]
  readonly firstVersion: number
  /** Of one that logs nothing: the version on which what it says rests. */
  readonly lastVersion: number
}

/** What a store must survive: the death of its process, or a power cut. */
export type Disaster = 'kill' | 'cut'

export class Model {
  readonly #base: ModelState
  readonly #baseVersion: number
  #submissions: Submission[] = []
  #state: Map<string, ModelEntry>
  /** Of each key, the version of the last write to it. */
  #touched = new Map<string, number>()
  #version: number
  /** The highest version that somebody was told is written, and is on the disk. */
  #written: number
  #synced: number

  constructor(base: ModelState = new Map(), version = 0) {
    this.#base = base
    this.#baseVersion = version
    this.#state = new Map(base)
    this.#version = version
    this.#written = version
    this.#synced = version
  }

  /** Version of the last write that was submitted. */
  get version(): number {
    return this.#version
  }

  /** With all that was submitted. */
  get state(): ModelState {
    return this.#state
  }

  /** The lowest version that may be left. */
  floor(disaster: Disaster): number {
    return disaster === 'kill' ? this.#written : this.#synced
  }

  submit(write: Write): Submission {
    const [first] = write.operations
    if (write.type === 'delete' && !this.#state.has(first!.key)) {
      const version = this.#touched.get(first!.key) ?? this.#baseVersion
      return { operations: [], firstVersion: version + 1, lastVersion: version }
    }
    const submission = {
      operations: write.operations,
      firstVersion: this.#version + 1,
      lastVersion: this.#version + write.operations.length,
    }
    this.#submissions.push(submission)
    this.#apply(submission)
    return submission
  }

  /** Its caller was told that it is done. */
  acknowledge(submission: Submission, durability: ReachedDurability): void {
    const { operations, lastVersion } = submission
    const isInLog = operations.length === 0 || this.#submissions.includes(submission)
    assert(isInLog, `version ${lastVersion} was acknowledged, one before it refused (I3)`)
    this.#written = Math.max(this.#written, lastVersion)
    if (durability === 'synced') this.#synced = Math.max(this.#synced, lastVersion)
  }

  /** Its caller was told that it was not done, and never will be: nor will those under way behind it. */
  refuse(refused: Submission): void {
    const place = this.#submissions.indexOf(refused)
    if (place === -1) return
    this.#submissions = this.#submissions.slice(0, place)
    this.#state = new Map(this.#base)
    this.#touched = new Map()
    this.#version = this.#baseVersion
    for (const submission of this.#submissions) this.#apply(submission)
  }

  /** All that was submitted is on the disk: the store was closed. */
  settle(): void {
    this.#written = this.#version
    this.#synced = this.#version
  }

  /** A copy that stays as it is now, whatever becomes of the writes under way. */
  frozen(): Model {
    const copy = new Model(this.#base, this.#baseVersion)
    for (const submission of this.#submissions) copy.#apply(submission)
    copy.#submissions = this.#submissions.slice()
    copy.#written = this.#written
    copy.#synced = this.#synced
    return copy
  }

  /** The versions from `from` to `to` at which a write ends: what the store may be seen as of. */
  endsBetween(from: number, to: number): number[] {
    const ends = [this.#baseVersion, ...this.#submissions.map(({ lastVersion }) => lastVersion)]
    return ends.filter((end) => end >= from && end <= to)
  }

  /** The values that a key has between two versions. */
  valuesBetween(key: string, from: number, to: number): (string | undefined)[] {
    const values = [this.stateAt(from).get(key)?.value]
    for (const { operations, firstVersion } of this.#submissions) {
      if (firstVersion <= from || firstVersion > to) continue
      const last = operations.findLast((operation) => operation.key === key)
      if (last !== undefined) values.push(last.type === 'put' ? last.value : undefined)
    }
    return values
  }

  /**
   * The model of a store that has come back as of `version`. Throws where it must not: `floor` is the lowest version
   * that it may have.
   */
  recovered(version: number, disaster: Disaster, floor: number = this.floor(disaster)): Model {
    assert(
      version >= floor,
      `version ${floor} was acknowledged, the store has only ${version} (I1)`,
    )
    assert(version <= this.#version, `version ${version} was never written or was refused (I2)`)
    const isEnd =
      version === this.#baseVersion ||
      this.#submissions.some(({ lastVersion }) => lastVersion === version)
    assert(isEnd, `version ${version} is inside a batch (I3)`)
    return new Model(this.stateAt(version), version)
  }

  /** What the store holds as of a version. */
  stateAt(version: number): ModelState {
    if (version === this.#version) return this.#state
    const state = new Map(this.#base)
    for (const submission of this.#submissions) {
      if (submission.lastVersion > version) break
      applyTo(state, submission)
    }
    return state
  }

  #apply(submission: Submission): void {
    const { operations, firstVersion, lastVersion } = submission
    applyTo(this.#state, submission)
    for (const [place, { key }] of operations.entries()) {
      this.#touched.set(key, firstVersion + place)
    }
    this.#version = lastVersion
  }
}

function applyTo(state: Map<string, ModelEntry>, { operations, firstVersion }: Submission): void {
  for (const [place, operation] of operations.entries()) {
    if (operation.type === 'delete') state.delete(operation.key)
    else state.set(operation.key, { value: operation.value, version: firstVersion + place })
  }
}
