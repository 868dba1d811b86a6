import type { Clock } from '../clock.ts'
import type { MergeControl } from './merge-control.ts'
import { MergePace, type MergePressure } from './merge-pace.ts'
import { WriteBrake } from './write-brake.ts'

/** The foreground is looked at so often while it writes or a merge is running, in ms. */
const lookMs = 50

/** Why a merge may be in a hurry, whatever it copies. */
interface StorePressure extends Omit<MergePressure, 'copiedPerWon'> {
  /** Garbage that writers may have to wait for, as a share of the store; 0 where they never wait. */
  readonly brakingShare: number
}

/** What the throttle asks the store. */
interface ThrottleSurroundings {
  /** Reads and writes since the store was opened. */
  operations(): number
  /** Takes a step for every file: asked only while a merge is running. */
  pressure(): StorePressure
}

/**
 * Watches the foreground, and sets the pace of the merge that is running by what it sees; and that of the foreground,
 * when merges are behind all the same.
 */
export class MergeThrottle {
  readonly #clock: Clock
  readonly #surroundings: ThrottleSurroundings
  readonly #pace: MergePace
  readonly #brake = new WriteBrake()
  /** Of the merge that is running. */
  #control: MergeControl | undefined
  #copiedPerWon = 1
  /** What the running merge had read and written when the foreground was last looked at. */
  #mergedBytes = 0
  #operations = 0
  #lookedAt = 0
  #cancelLook: (() => void) | undefined
  #stopped = false

  /** `bytesPerSecondMax` is what a merge reads and writes a second at most; 0 for no bound. */
  constructor(clock: Clock, bytesPerSecondMax: number, surroundings: ThrottleSurroundings) {
    this.#clock = clock
    this.#surroundings = surroundings
    this.#pace = new MergePace(
      bytesPerSecondMax === 0 ? Number.POSITIVE_INFINITY : bytesPerSecondMax,
    )
  }

  /** What writes have waited for merges, in ms. */
  get heldBackMs(): number {
    return this.#brake.heldBackMs
  }

  /** How long the next write of the log is to wait, in ms. */
  holdBack(): number {
    return this.#brake.hold(this.#clock.monotonic())
  }

  /** A merge begins that copies so many bytes for each byte that it wins. */
  begin(control: MergeControl, copiedPerWon: number): void {
    this.#control = control
    this.#copiedPerWon = copiedPerWon
    this.#mergedBytes = 0
    const pressure = { copiedPerWon, ...this.#surroundings.pressure() }
    control.setPace(this.#pace.start(pressure))
    this.#brake.look(pressure.brakingShare)
    this.#lookLater()
  }

  /** It has ended. */
  end(): void {
    this.#control = undefined
    this.#brake.release()
  }

  /** The foreground has written so many bytes. */
  written(bytes: number): void {
    this.#pace.written(bytes)
    this.#brake.written(bytes, this.#clock.monotonic())
    this.#lookLater()
  }

  /** The foreground, or its durability, has waited so long for a sync. */
  synced(ms: number): void {
    this.#pace.synced(ms, this.#control !== undefined)
  }

  /** Looks no more. */
  stop(): void {
    this.#stopped = true
    this.#cancelLook?.()
  }

  /** Looks at the foreground once more, unless that is planned already. */
  #lookLater(): void {
    if (this.#cancelLook !== undefined || this.#stopped) return
    this.#lookedAt = this.#clock.monotonic()
    this.#cancelLook = this.#clock.after(lookMs, () => {
      this.#cancelLook = undefined
      this.#look()
    })
  }

  #look(): void {
    const elapsedMs = this.#clock.monotonic() - this.#lookedAt
    const operations = this.#surroundings.operations()
    const isActive = operations !== this.#operations
    this.#operations = operations
    const look = { elapsedMs, lagMs: Math.max(0, elapsedMs - lookMs), isActive }
    const control = this.#control
    if (control === undefined) {
      this.#pace.calm(look)
      return
    }
    const pressure = { copiedPerWon: this.#copiedPerWon, ...this.#surroundings.pressure() }
    // A merge that is paused wins nothing back.
    if (control.isPaused) this.#brake.release()
    else this.#brake.look(pressure.brakingShare)
    const mergedBytes = control.readBytes + control.writtenBytes - this.#mergedBytes
    this.#mergedBytes += mergedBytes
    control.setPace(this.#pace.busy(look, mergedBytes, pressure))
    this.#lookLater()
  }
}
