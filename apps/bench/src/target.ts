import type { MetricName } from './metric.ts'

/** Something to reach. What no run can show yet is a target of its own. */
export interface Target {
  /** As in the list of targets; with a letter behind it where it is two here, as a part of it waits for something. */
  readonly id: `P${number}` | `P${number}${'a' | 'b'}`
  readonly text: string
  /** All of them must be reached; empty when it cannot be measured yet. */
  readonly parts: readonly TargetPart[]
  /** What it waits for. */
  readonly notYet?: string
  /** Where a part of it is missed: what stands in the way, and what was tried. Figures are in the tables of its workloads. */
  readonly limit?: string
  /** What it also asks for and no bound here decides. */
  readonly aside?: string
}

/** One number of a run file, or a quotient of two, and its bound. Ours is the subject of side `kv`. */
export interface TargetPart {
  readonly workload: string
  readonly case: string
  readonly metric: MetricName
  /** Divides ours, round by round; without it ours itself is judged. */
  readonly base?: TargetBase
  readonly bound: Bound
  /** What must hold in every round, as a longest time must; else the median decides. */
  readonly everyRound?: true
}

export type TargetBase =
  /** The best subject of a product in the same case. */
  | { readonly product: string; readonly title: string }
  /** Another case of ours. */
  | { readonly case: string }
  /** Cases of the subject `machine`, added up. */
  | { readonly machine: readonly string[] }

export interface Bound {
  readonly side: 'at least' | 'at most'
  readonly value: number
  /** How the list of targets writes it, where that differs from how values are shown. */
  readonly said?: string
}

export const atLeast = (value: number): Bound => ({ side: 'at least', value })
export const atMost = (value: number, said?: string): Bound => ({
  side: 'at most',
  value,
  ...(said === undefined ? {} : { said }),
})
