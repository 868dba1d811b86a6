/** Random commands for a store and its model. */
import * as fc from 'fast-check'
import type { CrashChoice } from '../../src/file-system/sim-crash.ts'
import type { StoreOptions } from '../../src/options.ts'
import type { Operation, Write } from './model.ts'
import { keys } from './workload.ts'

export type RangeBounds = Partial<Record<'gte' | 'gt' | 'lte' | 'lt' | 'prefix', string>>

export type Command =
  /** In one turn of the event loop; the reads are under way while the writes are. */
  | { readonly type: 'burst'; readonly writes: readonly Write[]; readonly reads: readonly string[] }
  | { readonly type: 'getMany'; readonly keys: readonly string[] }
  | RangeCommand
  | { readonly type: 'merge' }
  /** Whatever goes on by itself comes to its end. */
  | { readonly type: 'settle' }
  | { readonly type: 'reopen' }
  | DisasterCommand

export interface RangeCommand {
  readonly type: 'range'
  readonly bounds: RangeBounds
  readonly reverse: boolean
  readonly keysOnly: boolean
  readonly limit: number
}

/** Some microtasks after the writes of a burst the process dies, or the power goes off. */
export interface DisasterCommand {
  readonly type: 'disaster'
  readonly writes: readonly Write[]
  readonly microtasks: number
  /** What the power cut leaves; undefined when only the process dies. */
  readonly crash: CrashChoice | undefined
}

/** Tiny files, so that everything rolls, and merges that leave some of them out. */
export const options: fc.Arbitrary<StoreOptions> = fc.record({
  durability: fc.constantFrom('always', 'interval', 'never'),
  syncIntervalMs: fc.constantFrom(50, 500),
  segmentBytes: fc.constantFrom(256, 400, 1_000),
  openFilesMax: fc.constantFrom(4, 256),
  autoMerge: fc.boolean(),
  mergeDeadRatioMin: fc.constantFrom(0.05, 0.3, 0.5, 0.8),
  mergeInputBytesMax: fc.constantFrom(600, 1_500, 100_000),
})

const key = fc.constantFrom(...keys)

const value = weighted<string>(
  [12, fc.string({ unit: 'binary-ascii', maxLength: 24 })],
  [1, fc.integer({ min: 100, max: 900 }).map((length) => 'v'.repeat(length))],
)

const put = fc.tuple(key, value).map(([key, value]): Operation => ({ type: 'put', key, value }))
const remove = key.map((key): Operation => ({ type: 'delete', key }))

const write = weighted<Write>(
  [5, put.map((operation) => ({ type: 'put', operations: [operation] }))],
  [3, remove.map((operation) => ({ type: 'delete', operations: [operation] }))],
  [
    1,
    fc
      .array(fc.oneof(put, remove), { minLength: 1, maxLength: 6 })
      .map((operations) => ({ type: 'batch', operations })),
  ],
)

const wishedWrite = weighted<Write>(
  [5, write],
  [1, write.map((write) => ({ ...write, durability: 'synced' }))],
)

const burst = fc
  .tuple(fc.array(wishedWrite, { minLength: 1, maxLength: 5 }), fc.array(key, { maxLength: 2 }))
  .map(([writes, reads]): Command => ({ type: 'burst', writes, reads }))

const range = fc
  .record({
    bounds: fc.record({ gte: key, gt: key, lte: key, lt: key, prefix: key }, { requiredKeys: [] }),
    reverse: fc.boolean(),
    keysOnly: fc.boolean(),
    limit: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.nat(4)),
  })
  .map((range): Command => ({ type: 'range', ...range }))

const crash: fc.Arbitrary<CrashChoice> = fc.record({
  data: fc.constantFrom('none', 'all', 'subset', 'sectors', 'torn', 'zeros', 'mixed'),
  names: fc.constantFrom('kept', 'dropped', 'subset'),
  seed: fc.nat(1_000_000),
})

const disaster = fc
  .record({
    writes: fc.array(wishedWrite, { maxLength: 4 }),
    microtasks: fc.nat(60),
    crash: fc.option(crash, { nil: undefined }),
  })
  .map((disaster): Command => ({ type: 'disaster', ...disaster }))

export const command: fc.Arbitrary<Command> = weighted<Command>(
  [40, burst],
  [6, fc.array(key, { maxLength: 8 }).map((keys) => ({ type: 'getMany', keys }))],
  [8, range],
  [3, fc.constant({ type: 'merge' })],
  [3, fc.constant({ type: 'settle' })],
  [3, fc.constant({ type: 'reopen' })],
  [3, disaster],
)

function weighted<T>(...choices: readonly (readonly [number, fc.Arbitrary<T>])[]): fc.Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })))
}
