/** What a store goes through in one run of the fault class C8, the same in the process that lives it and in the test. */
import type { StoreOptions } from '../../src/options.ts'
import type { ModelEntry } from '../crash/model.ts'
import type { Failpoint } from './failpoint.ts'

export const faultKinds = ['kill', 'EIO', 'pause'] as const
export type FaultKind = (typeof faultKinds)[number]

/** How long a pause takes, in ms. */
export const pauseMs = 2_000

/** What the process is told, as JSON on its command line. */
export interface LifePlan {
  readonly directory: string
  /** Name of the failpoint. */
  readonly failpoint: string
  readonly fault: FaultKind
  /** Of the writes. */
  readonly seed: number
  /** What is in the directory. */
  readonly entries: readonly (readonly [string, ModelEntry])[]
  readonly version: number
}

type LifeStep =
  /** Writes that are under way together. */
  | { readonly type: 'burst'; readonly writes: number }
  | { readonly type: 'merge' }
  /** Ends the store well and opens it again. */
  | { readonly type: 'reopen' }

const bursts = (count: number): LifeStep[] =>
  Array.from({ length: count }, (_, place) => ({ type: 'burst', writes: 1 + (place % 3) }))

export const lifeSteps: readonly LifeStep[] = [
  ...bursts(8),
  { type: 'merge' },
  ...bursts(6),
  { type: 'merge' },
  ...bursts(3),
  { type: 'reopen' },
  ...bursts(3),
]

export function lifeOptions({
  durability = 'always',
}: Pick<Failpoint, 'durability'>): StoreOptions {
  return { durability, segmentBytes: 700, autoMerge: false, syncIntervalMs: 3_600_000 }
}

/**
 * What the process says on its standard output, a word and perhaps a number or an outcome a line:
 *
 * - `open <version>`: a store was opened as of this version
 * - `begin`: the next write begins
 * - `done <write>`, `refused <write> <outcome>`: how the write with this number ended
 * - `hit`: the failpoint is reached
 * - `read`: a read was answered during a pause
 * - `end`: the store was closed, and all that was to be done is done
 */
export type LifeWord = 'open' | 'begin' | 'done' | 'refused' | 'hit' | 'read' | 'end'
