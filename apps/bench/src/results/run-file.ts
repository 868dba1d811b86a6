/**
 * The file of one run, `kv-bench` schema 1: everything the tables, plots and comparisons are made from, raw
 * samples included. JSON; described for readers in apps/bench/README.md.
 */
import type { MetricName } from '../metric.ts'
import type { SubjectRecord } from './subject-record.ts'

export const runFileSchema = 'kv-bench/1'

export interface RunFile {
  readonly schema: typeof runFileSchema
  /** As typed, without the path of the machine. */
  readonly command: string
  /** ISO 8601, UTC. */
  readonly startedAt: string
  readonly endedAt: string
  /** Shorter rounds and less data: for a look, not for a record. */
  readonly quick: boolean
  /** The revision of this repository, with `+` when there were changes beside it; `unknown` outside one. */
  readonly revision: string
  readonly machine: Machine
  readonly workloads: readonly WorkloadRun[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  readonly kernel: string
  readonly fileSystem: string
  readonly node: string
  /** One-minute load average when the run began. */
  readonly loadAverage: number
}

export interface WorkloadRun {
  readonly name: string
  readonly title: string
  /** What it does. */
  readonly about: string
  readonly rounds: number
  /** Sizes, counts and times of the workload, in words with units. */
  readonly parameters: Readonly<Record<string, string | number>>
  readonly subjects: readonly SubjectRecord[]
  readonly skipped: readonly Skipped[]
  readonly cases: readonly Case[]
  readonly samples: readonly Sample[]
  /** What the figures say together, in sentences. */
  readonly findings?: readonly string[]
  /** Of our side, from a turn of its own whose figures do not count: the profiler costs time. */
  readonly profiles?: readonly CaseProfile[]
}

/** Where the main thread of the driver's process spent its time in a case; that of an embedded store is in it. */
export interface CaseProfile {
  readonly case: string
  /** The functions that took most, in that order. */
  readonly lines: readonly ProfileLine[]
}

export interface ProfileLine {
  readonly function: string
  /** Of the time, without what it called, in percent. */
  readonly share: number
}

export interface Skipped {
  readonly subject: string
  readonly reason: string
  /** The command that would make it available. */
  readonly install?: string
}

/** One point of a workload: 'put, 50 in flight'. */
export interface Case {
  readonly name: string
  /** Metrics to show, the one that ratios are made of first. */
  readonly metrics: readonly [MetricName, ...MetricName[]]
  /** The place of the case on the axis of a plot: 'in flight' 50, 'keys' 1000000. */
  readonly axis?: { readonly name: string; readonly value: number }
}

/** What one round measured of one subject in one case. */
export interface Sample {
  readonly round: number
  readonly subject: string
  readonly case: string
  readonly values: Readonly<Partial<Record<MetricName, number>>>
  /** Latencies in ms: HDR histogram, compressed and base64 (the V2 format of HdrHistogram), in units of 1 µs. */
  readonly histogram?: string
  readonly timeline?: Timeline
}

/** Latency in slices of equal length, and what else happened meanwhile. Times in ms from the start. */
export interface Timeline {
  readonly sliceMs: number
  readonly p50: readonly (number | null)[]
  readonly p99: readonly (number | null)[]
  readonly max: readonly (number | null)[]
  readonly events: readonly TimelineEvent[]
}

export interface TimelineEvent {
  readonly kind: 'merge' | 'sync'
  readonly fromMs: number
  readonly toMs: number
}
