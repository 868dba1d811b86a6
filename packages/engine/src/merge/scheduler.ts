import type { DiskReserve } from '../disk-reserve.ts'
import { KvError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Manifest } from '../manifest.ts'
import { type MergeContext, merge } from './merge.ts'
import { mergeCandidates } from './merge-candidates.ts'
import { type MergeReport, nothingMerged, sumOfReports } from './merge-report.ts'
import { MergeThrottle } from './merge-throttle.ts'
import {
  chooseFirst,
  chooseInputs,
  garbageShare,
  type MergeCandidate,
  type MergeCandidates,
  type MergeChoice,
  neededBytesOf,
  outputBytesFor,
  wantsRoll,
} from './policy.ts'
import { type MergeProgress, RunningMerge } from './running-merge.ts'
import { sparedBytes } from './write-brake.ts'

/** The files are looked at each time so much of a segment was written; less often when there are very many. */
const looksPerSegment = 16
const filesPerLook = 1_024
/** A store on a disk that is nearly full is merged from this part of `deadRatioMin` on. */
const shortDiskFactor = 1 / 3
/** After a merge that failed the next one waits: at first so long, then twice as long each time, in ms. */
const retryMsMin = 1_000
const retryMsMax = 300_000

export interface MergeSchedulerOptions {
  /** Merge without being asked. */
  readonly automatic: boolean
  readonly segmentBytes: number
  readonly deadRatioMin: number
  readonly inputBytesMax: number
  /** Bytes that a merge reads and writes a second at most; 0 for no bound. */
  readonly bytesPerSecondMax: number
}

/** What the scheduler needs beside what a merge works on. */
export interface MergeSurroundings {
  readonly disk: DiskReserve
  readonly logger: Logger
  /** Reads and writes since the store was opened. */
  operations(): number
  /** Length of the active segment. */
  activeBytes(): number
  /** Closes the active segment; a full disk is none of its business. */
  roll(): Promise<void>
}

/** How merges stand. Counters since the store was opened. */
export interface MergeStats {
  /** A merge is under way, or halted in the middle. */
  readonly running: boolean
  /** By `pauseMerges`: none goes on or begins. */
  readonly paused: boolean
  /** Of the merge that is running. */
  readonly progress: MergeProgress | undefined
  /** Garbage by all bytes, 0..1; merges start by themselves when it reaches `deadRatioMin`. */
  readonly deadRatio: number
  /** The store's option, `mergeDeadRatioMin`. */
  readonly deadRatioMin: number
  readonly completed: number
  /** Those that ended with an error; their inputs stayed as they were. */
  readonly failed: number
  /** Whether the last one that was due did not fit on the disk. */
  readonly lacksRoom: boolean
  /** What writes of the log have waited altogether, as merges were behind, in ms. */
  readonly heldBackMs: number
  /** What the last one that was completed did. */
  readonly last: MergeReport | undefined
}

/** Decides when to merge what, one merge at a time, and keeps the manifest that stands on the disk. */
export class MergeScheduler {
  readonly #context: MergeContext
  readonly #surroundings: MergeSurroundings
  readonly #options: MergeSchedulerOptions
  readonly #throttle: MergeThrottle
  #manifest: Manifest
  #nextOutputId: number
  /** All that was asked for in one go. */
  #running: Promise<MergeReport> | undefined
  #merge: RunningMerge | undefined
  /** Merges that somebody asked for and that have not ended: the automatic ones wait for them. */
  #asked = 0
  #stopping = false
  #paused = false
  #isAdopted = true
  #completed = 0
  #failed = 0
  #lacksRoom = false
  #last: MergeReport | undefined
  #retryMs = retryMsMin
  #retryAt = Number.NEGATIVE_INFINITY
  #uncheckedBytes = 0
  #isRolling = false

  constructor(
    context: Omit<MergeContext, 'takeOutputIds'>,
    surroundings: MergeSurroundings,
    manifest: Manifest,
    options: MergeSchedulerOptions,
  ) {
    this.#context = {
      ...context,
      takeOutputIds: (count) => {
        const first = this.#nextOutputId
        this.#nextOutputId += count
        return first
      },
    }
    this.#surroundings = surroundings
    this.#manifest = manifest
    this.#nextOutputId = manifest.nextId
    this.#options = options
    this.#throttle = new MergeThrottle(context.clock, options.bytesPerSecondMax, {
      operations: () => surroundings.operations(),
      pressure: () => {
        const candidates = this.#candidates()
        // Whoever bounds what merges do, or does without them, has chosen what becomes of the garbage.
        const isBraking = options.automatic && options.bytesPerSecondMax === 0
        return {
          excess: garbageShare(candidates) - options.deadRatioMin,
          diskIsLow: surroundings.disk.isLow,
          brakingShare: isBraking ? garbageShare(candidates, sparedBytes) : 0,
        }
      },
    })
  }

  /** The one that stands on the disk, but in the last steps of a merge: then the one before. */
  get manifest(): Manifest {
    return this.#manifest
  }

  /** The merge under way; undefined when there is none. Never rejects. */
  get running(): Promise<void> | undefined {
    return this.#running?.then(
      () => undefined,
      () => undefined,
    )
  }

  get stats(): MergeStats {
    return {
      running: this.#running !== undefined,
      paused: this.#paused,
      progress: this.#merge?.progress,
      deadRatio: garbageShare(this.#candidates()),
      deadRatioMin: this.#deadRatioMin,
      completed: this.#completed,
      failed: this.#failed,
      lacksRoom: this.#lacksRoom,
      heldBackMs: this.#throttle.heldBackMs,
      last: this.#last,
    }
  }

  /** Whether the keydir points at what MANIFEST names; not so when a store that closes could not wait for it. */
  get isAdopted(): boolean {
    return this.#isAdopted
  }

  /**
   * Merges the whole sealed log and every output with dead bytes, after the merge that may be running: in several steps
   * where it is more than one merge takes.
   */
  async mergeNow(): Promise<MergeReport> {
    this.#refuse()
    this.#asked++
    try {
      do {
        await this.#running?.catch(() => undefined)
        await this.#surroundings.disk.look()
      } while (this.#running !== undefined)
      this.#refuse()
      const { log, outputs } = this.#candidates()
      const wanted = [...log, ...outputs.filter(({ deadBytes }) => deadBytes > 0)]
      return await this.#start(() => this.#mergeAll(wanted))
    } finally {
      this.#asked--
    }
  }

  /** Starts a merge in the background if there is one worth it. */
  consider(): void {
    if (!this.#isFree) return
    const candidates = this.#candidates()
    const { segmentBytes, inputBytesMax } = this.#options
    const choice = chooseInputs(candidates, {
      deadRatioMin: this.#deadRatioMin,
      outputBytes: outputBytesFor(candidates, segmentBytes),
      inputBytesMax,
      roomBytes: this.#roomBytes,
    })
    this.#noteRoom(choice)
    if (choice.slots.length === 0) return
    this.#start(() => this.#mergeOnce(choice.slots, outputBytesFor(candidates, segmentBytes))).then(
      () => this.#goOn(),
      (error: unknown) => this.#waitAfter(error),
    )
  }

  /** The foreground has written so many bytes; `syncMs` is undefined when it did not wait for a sync. */
  written(bytes: number, syncMs?: number): void {
    this.#throttle.written(bytes)
    if (syncMs !== undefined) this.synced(syncMs)
    this.#uncheckedBytes += bytes
    const sharesOfSegment = (this.#uncheckedBytes * looksPerSegment) / this.#options.segmentBytes
    if (sharesOfSegment < 1 + this.#context.files.size / filesPerLook) return
    this.#uncheckedBytes = 0
    this.#rollIfWanted()
    this.consider()
  }

  /** The foreground, or its durability, has waited so long for a sync. */
  synced(ms: number): void {
    this.#throttle.synced(ms)
  }

  /** How long the next write of the log is to wait, as merges are behind; in ms. */
  holdBack(): number {
    return this.#throttle.holdBack()
  }

  /** A merge that is running stops where it is, and none begins. Until the store is closed. */
  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#merge?.control.pause()
    this.#surroundings.logger.info({}, 'merges are paused')
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#merge?.control.resume()
    this.#surroundings.logger.info({}, 'merges go on')
    this.consider()
  }

  /** Stops a running merge at its next step; its inputs stay as they were. */
  async close(): Promise<void> {
    this.#stopping = true
    this.#throttle.stop()
    this.#merge?.control.stop()
    await this.#running?.catch(() => undefined)
  }

  get #isFree(): boolean {
    if (!this.#options.automatic || this.#stopping || this.#paused) return false
    if (this.#running !== undefined || this.#asked > 0) return false
    if (this.#context.commits.hasFailed) return false
    return this.#context.clock.monotonic() >= this.#retryAt
  }

  get #deadRatioMin(): number {
    const { deadRatioMin } = this.#options
    return this.#surroundings.disk.isLow ? deadRatioMin * shortDiskFactor : deadRatioMin
  }

  get #roomBytes(): number {
    return this.#surroundings.disk.freeBytes ?? Number.POSITIVE_INFINITY
  }

  /** After an automatic merge there may be another one due. */
  #goOn(): void {
    this.#retryMs = retryMsMin
    this.consider()
  }

  #waitAfter(error: unknown): void {
    if (this.#stopping) return
    this.#retryAt = this.#context.clock.monotonic() + this.#retryMs
    this.#retryMs = Math.min(retryMsMax, this.#retryMs * 2)
    this.#surroundings.logger.warn({ err: error }, 'a merge failed; its inputs stay as they were')
  }

  #start(run: () => Promise<MergeReport>): Promise<MergeReport> {
    this.#running = run().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** One merge after the other, until all of `wanted` is done. */
  async #mergeAll(wanted: readonly MergeCandidate[]): Promise<MergeReport> {
    const { inputBytesMax, segmentBytes } = this.#options
    let report = nothingMerged
    for (let done = 0; done < wanted.length; ) {
      const left = wanted.slice(done)
      const choice = chooseFirst(left, { inputBytesMax, roomBytes: this.#roomBytes })
      if (choice.slots.length === 0) {
        if (report !== nothingMerged) break
        throw this.#diskFull(choice.neededBytes ?? neededBytesOf(left))
      }
      report = sumOfReports(report, await this.#mergeOnce(choice.slots, segmentBytes))
      done += choice.slots.length
      if (done < wanted.length) await this.#surroundings.disk.look()
    }
    return report
  }

  async #mergeOnce(slots: readonly number[], outputBytes: number): Promise<MergeReport> {
    const { clock, files } = this.#context
    const inputs = slots.map((slot) => files.file(slot))
    const bytes = inputs.reduce((sum, file) => sum + file.bytes, 0)
    const garbage = inputs.reduce((sum, file) => sum + file.deadBytes - file.keptTombstoneBytes, 0)
    const expectedBytes = Math.max(0, bytes - garbage)
    const running = new RunningMerge(clock, { files: slots.length, bytes, expectedBytes })
    this.#merge = running
    this.#throttle.begin(running.control, expectedBytes / Math.max(1, garbage))
    if (this.#paused) running.control.pause()
    if (this.#stopping) running.control.stop()
    try {
      const result = await merge(this.#context, this.#manifest, slots, outputBytes, running)
      this.#manifest = result.manifest
      this.#isAdopted = result.isAdopted
      this.#completed++
      this.#last = result.report
      this.#surroundings.logger.info(result.report, 'merged')
      return result.report
    } catch (error) {
      if (!this.#stopping) this.#failed++
      throw error
    } finally {
      this.#merge = undefined
      this.#throttle.end()
    }
  }

  /** Closes the active segment where it is too large a part of the store to wait for its end. */
  #rollIfWanted(): void {
    const { automatic, segmentBytes } = this.#options
    if (!automatic || this.#stopping || this.#paused || this.#isRolling) return
    const activeBytes = this.#surroundings.activeBytes()
    const bytesMin = segmentBytes / 8
    if (activeBytes < bytesMin) return
    if (!wantsRoll(this.#candidates(), activeBytes, bytesMin, this.#deadRatioMin)) return
    this.#isRolling = true
    this.#surroundings
      .roll()
      // Whatever ended the writing, the writers are told.
      .catch(() => undefined)
      .finally(() => {
        this.#isRolling = false
      })
  }

  #noteRoom({ neededBytes }: MergeChoice): void {
    const lackedRoom = this.#lacksRoom
    this.#lacksRoom = neededBytes !== undefined
    if (neededBytes === undefined || lackedRoom) return
    this.#surroundings.logger.warn(
      { err: this.#diskFull(neededBytes) },
      'a merge that is due does not fit on the disk',
    )
  }

  #diskFull(neededBytes: number): KvError {
    const freeBytes = this.#roomBytes
    return new KvError(
      'KV_DISK_FULL',
      `the smallest merge needs up to ${neededBytes} bytes for its outputs, and the disk has ${freeBytes} left; nothing was changed; free space and try again`,
      { details: { neededBytes, freeBytes } },
    )
  }

  #candidates(): MergeCandidates {
    return mergeCandidates(this.#context.files)
  }

  #refuse(): void {
    if (this.#stopping) {
      throw new KvError(
        'KV_CLOSED',
        'the store is closing; the merge was stopped, and nothing was changed',
      )
    }
    if (this.#paused) {
      throw new KvError(
        'KV_BAD_REQUEST',
        'merges are paused; nothing was changed; resume them and try again',
      )
    }
    // The manifest on the disk may be another one than the last that is known.
    this.#context.commits.refuseIfFailed()
  }
}
