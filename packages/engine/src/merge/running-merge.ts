import type { Clock } from '../clock.ts'
import { MergeControl } from './merge-control.ts'

/** What a merge is doing: copying what lives, replacing MANIFEST, or pointing the keydir at the outputs. */
export type MergePhase = 'copying' | 'swapping' | 'adopting'

/** How far a merge is. Sizes in bytes. */
export interface MergeProgress {
  readonly phase: MergePhase
  /** Files that are being rewritten. */
  readonly inputFiles: number
  /** Their lengths together. */
  readonly inputBytes: number
  /** What lived in the inputs when it began: so much is read and written, or a little less. */
  readonly expectedBytes: number
  /** Records read so far. */
  readonly readBytes: number
  /** Records written so far. */
  readonly writtenBytes: number
  /** Since it began, pauses included. */
  readonly elapsedMs: number
  /** An estimate; undefined as long as there is nothing to go by. */
  readonly leftMs: number | undefined
}

export interface MergeInputs {
  readonly files: number
  readonly bytes: number
  readonly expectedBytes: number
}

/** Below this part of the work an estimate of the rest would be a guess. */
const knownPartMin = 0.02

/** A merge under way: what steers it, and how far it is. */
export class RunningMerge {
  readonly control: MergeControl = new MergeControl()
  readonly #clock: Clock
  readonly #inputs: MergeInputs
  readonly #startedAt: number
  #phase: MergePhase = 'copying'
  #phaseStartedAt: number
  #adopted = 0
  #toAdopt = 0

  constructor(clock: Clock, inputs: MergeInputs) {
    this.#clock = clock
    this.#inputs = inputs
    this.#startedAt = clock.monotonic()
    this.#phaseStartedAt = this.#startedAt
  }

  get progress(): MergeProgress {
    const { readBytes, writtenBytes } = this.control
    const { files, bytes, expectedBytes } = this.#inputs
    const now = this.#clock.monotonic()
    return {
      phase: this.#phase,
      inputFiles: files,
      inputBytes: bytes,
      expectedBytes,
      readBytes,
      writtenBytes,
      elapsedMs: now - this.#startedAt,
      leftMs: this.#leftMs(now),
    }
  }

  swaps(): void {
    this.#enter('swapping')
  }

  /** It begins to point the keydir at `entries` records. */
  adopts(entries: number): void {
    this.#enter('adopting')
    this.#toAdopt = entries
  }

  adopted(entries: number): void {
    this.#adopted = entries
  }

  #enter(phase: MergePhase): void {
    this.#phase = phase
    this.#phaseStartedAt = this.#clock.monotonic()
  }

  /** Of the phase it is in; the others are short beside it. */
  #leftMs(now: number): number | undefined {
    const done =
      this.#phase === 'adopting'
        ? partOf(this.#adopted, this.#toAdopt)
        : partOf(this.control.writtenBytes, this.#inputs.expectedBytes)
    if (done < knownPartMin) return undefined
    return ((now - this.#phaseStartedAt) * (1 - done)) / done
  }
}

function partOf(done: number, all: number): number {
  return all === 0 ? 1 : Math.min(1, done / all)
}
