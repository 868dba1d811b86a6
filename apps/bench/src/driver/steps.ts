/**
 * What the bench asks a driver process to do, one step at a time, and what it answers. Travels as structured
 * clones over the channel between the two processes.
 */
import type { ProfileLine } from '../results/run-file.ts'
import type { Target } from '../sessions/session.ts'
import type { SessionName } from '../subjects/subject.ts'
import type { ClosedLoop } from './closed-loop.ts'
import type { StepResult } from './measurement.ts'
import type { OpenLoop } from './open-loop.ts'
import type { Mix } from './operations.ts'
import type { Soak, SoakResult } from './soak.ts'

export interface Steps {
  /** Opens the session. Gives how long that took and the memory before, when the process was empty. */
  readonly open: {
    readonly asks: { readonly session: SessionName; readonly target: Target }
    readonly answers: { readonly seconds: number; readonly emptyMemory: Memory }
  }
  /** Writes keys number `from` to `from + count` - 1. */
  readonly load: {
    readonly asks: Load
    readonly answers: WorkResult
  }
  readonly closedLoop: {
    readonly asks: { readonly mix: Mix; readonly loop: Omit<ClosedLoop, 'stop'> }
    readonly answers: StepResult
  }
  readonly openLoop: {
    readonly asks: { readonly mix: Mix; readonly loop: Omit<OpenLoop, 'stop'> }
    readonly answers: StepResult
  }
  /** Reads keys; gives how many were there with their values. */
  readonly count: {
    readonly asks: { readonly from: number; readonly count: number; readonly valueBytes: number }
    readonly answers: number
  }
  readonly merge: { readonly asks: undefined; readonly answers: WorkResult }
  /** After a full garbage collection. */
  readonly memory: { readonly asks: undefined; readonly answers: Memory }
  /** Bare random reads of the files of a directory. */
  readonly randomReads: {
    readonly asks: {
      readonly files: readonly string[]
      readonly bytes: number
      readonly depth: number
      readonly measureMs: number
    }
    readonly answers: {
      readonly readsPerSecond: number
      readonly latency: Readonly<Record<string, number>>
    }
  }
  /** A store of its own under mixed load. */
  readonly soak: { readonly asks: Soak; readonly answers: SoakResult }
  readonly close: { readonly asks: undefined; readonly answers: { readonly seconds: number } }
}

export type StepName = keyof Steps

/** In bytes. */
export interface Memory {
  readonly rss: number
  readonly heapUsed: number
}

export interface Load {
  readonly from: number
  readonly count: number
  readonly valueBytes: number
  /** Entries handed over at once, and how many such chunks are under way. */
  readonly chunk: number
  readonly inFlight: number
}

/** Of work in one go: a load or a merge. */
export interface WorkResult {
  readonly seconds: number
  /** How long the event loop was kept from turning, in ms. */
  readonly stallP999: number
  readonly stallMax: number
  readonly profile?: readonly ProfileLine[]
}

export interface StepRequest {
  readonly step: StepName
  readonly asks: unknown
}

/** Ends the running loop early. */
export interface StopRequest {
  readonly stop: true
}

export type StepReply =
  | { readonly ok: true; readonly answer: unknown }
  | { readonly ok: false; readonly message: string; readonly stack: string }
