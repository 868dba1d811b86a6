/** What takes part in a race, chosen by a seed. */
import type { SeededRandom } from '../../src/file-system/seeded-random.ts'
import type { StoreOptions } from '../../src/options.ts'
import type { Operation, Write } from './model.ts'

export type RaceAction =
  | { readonly type: 'write'; readonly write: Write }
  /** A put that may be made only if the key is absent, or has the version that it should have by then. */
  | { readonly type: 'conditional'; readonly key: string; readonly ifAbsent: boolean }
  | { readonly type: 'get'; readonly key: string }
  | { readonly type: 'getMany'; readonly keys: readonly string[] }
  | { readonly type: 'page'; readonly limit: number; readonly reverse: boolean }
  | { readonly type: 'range'; readonly from: string; readonly reverse: boolean }
  | { readonly type: 'count' }
  /** Opened, read from so often, closed. */
  | { readonly type: 'snapshot'; readonly reads: number }
  | { readonly type: 'merge' }

/** Few, so that everything meets everything. */
export const raceKeys: readonly string[] = ['', 'a', 'b', 'ba', '\xff']

export class RaceActions {
  readonly #random: SeededRandom
  #serial = 0

  constructor(random: SeededRandom) {
    this.#random = random
  }

  list(): RaceAction[] {
    const actions = Array.from({ length: 5 + this.#random.below(9) }, () => this.#action())
    // Nearly every race is one with a merge.
    actions.splice(this.#random.below(actions.length), 0, { type: 'merge' })
    return actions
  }

  write(): Write {
    const random = this.#random
    const durability = random.below(8) === 0 ? ({ durability: 'synced' } as const) : {}
    switch (random.below(8)) {
      case 0:
      case 1:
      case 2:
        return { type: 'delete', operations: [this.#delete()], ...durability }
      case 3: {
        const operations = Array.from({ length: 2 + random.below(3) }, () =>
          random.below(3) === 0 ? this.#delete() : this.#put(),
        )
        return { type: 'batch', operations, ...durability }
      }
      default:
        return { type: 'put', operations: [this.#put()], ...durability }
    }
  }

  #action(): RaceAction {
    const random = this.#random
    const reverse = random.chance()
    switch (random.below(16)) {
      case 0:
        return { type: 'merge' }
      case 1:
        return { type: 'conditional', key: this.key(), ifAbsent: random.chance() }
      case 2:
      case 3:
        return { type: 'get', key: this.key() }
      case 4:
        return { type: 'getMany', keys: [this.key(), this.key(), this.key()] }
      case 5:
        return { type: 'page', limit: 1 + random.below(4), reverse }
      case 6:
        return { type: 'range', from: this.key(), reverse }
      case 7:
        return { type: 'count' }
      case 8:
      case 9:
        return { type: 'snapshot', reads: 1 + random.below(4) }
      default:
        return { type: 'write', write: this.write() }
    }
  }

  key(): string {
    return raceKeys[this.#random.below(raceKeys.length)]!
  }

  /** No two write the same value. Now and then one fills a segment by itself. */
  #put(): Operation {
    const length = this.#random.below(10) === 0 ? 200 : this.#random.below(16)
    return { type: 'put', key: this.key(), value: `${this.#serial++}`.padEnd(length, '.') }
  }

  #delete(): Operation {
    return { type: 'delete', key: this.key() }
  }
}

/** Tiny files, few descriptors, and every way to merge. */
export function raceOptions(random: SeededRandom): StoreOptions {
  const one = <T>(...choices: readonly T[]): T => choices[random.below(choices.length)]!
  return {
    durability: one('always', 'always', 'interval', 'never'),
    syncIntervalMs: 500,
    segmentBytes: one(256, 256, 400, 1_000),
    openFilesMax: one(4, 4, 256),
    autoMerge: random.chance(),
    mergeDeadRatioMin: one(0.05, 0.3, 0.5),
    mergeInputBytesMax: one(600, 1_500, 100_000),
    snapshotMemoryBytesMax: one(0, 64 * 1024, 64 * 1024, 64 * 1024),
    snapshotIdleMs: one(700, 300_000, 300_000, 300_000),
  }
}
