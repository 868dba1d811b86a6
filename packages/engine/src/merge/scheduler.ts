import type { DataFile } from '../data-file.ts'
import { KvError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { Manifest } from '../manifest.ts'
import { segmentKind } from '../segment.ts'
import { type MergeContext, type MergeReport, merge } from './merge.ts'
import { MergeControl } from './merge-control.ts'
import {
  chooseAllInputs,
  chooseInputs,
  type MergeCandidate,
  type MergePolicyOptions,
} from './policy.ts'

/** Decides when to merge what, one merge at a time, and keeps the manifest that stands on the disk. */
export class MergeScheduler {
  readonly #context: MergeContext
  readonly #policy: MergePolicyOptions
  readonly #automatic: boolean
  readonly #logger: Logger
  #manifest: Manifest
  #nextOutputId: number
  #running: Promise<MergeReport> | undefined
  #control: MergeControl | undefined
  #stopping = false
  #completed = 0
  #failed = 0
  #last: MergeReport | undefined

  constructor(
    context: Omit<MergeContext, 'takeOutputIds'>,
    manifest: Manifest,
    policy: MergePolicyOptions,
    automatic: boolean,
    logger: Logger,
  ) {
    this.#context = {
      ...context,
      takeOutputIds: (count) => {
        const first = this.#nextOutputId
        this.#nextOutputId += count
        return first
      },
    }
    this.#manifest = manifest
    this.#nextOutputId = manifest.nextId
    this.#policy = policy
    this.#automatic = automatic
    this.#logger = logger
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

  get stats(): {
    running: boolean
    completed: number
    failed: number
    last: MergeReport | undefined
  } {
    return {
      running: this.#running !== undefined,
      completed: this.#completed,
      failed: this.#failed,
      last: this.#last,
    }
  }

  /** Merges the whole sealed log and every output with dead bytes, after the merge that may be running. */
  async mergeNow(): Promise<MergeReport> {
    do {
      while (this.#running !== undefined) await this.#running.catch(() => undefined)
      await this.#context.disk.look()
      // Somebody else's may have begun meanwhile.
    } while (this.#running !== undefined)
    this.#refuseWhenStopping()
    // The manifest on the disk may be another one than the last that is known.
    this.#context.commits.refuseIfFailed()
    return this.#start(chooseAllInputs(...this.#candidates(), this.#policyNow()))
  }

  /** Starts a merge in the background if there is one worth it. */
  consider(): void {
    if (!this.#automatic || this.#stopping || this.#running !== undefined) return
    if (this.#context.commits.hasFailed) return
    const inputs = chooseInputs(...this.#candidates(), this.#policyNow())
    if (inputs.length === 0) return
    this.#start(inputs).catch((error: unknown) => {
      if (this.#stopping) return
      this.#logger.warn({ err: error }, 'a merge failed; its inputs stay as they were')
    })
  }

  /** Stops a running merge at its next step; its inputs stay as they were. */
  async close(): Promise<void> {
    this.#stopping = true
    this.#control?.stop()
    await this.#running?.catch(() => undefined)
  }

  #start(inputs: readonly number[]): Promise<MergeReport> {
    this.#running = this.#run(inputs).finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #run(inputs: readonly number[]): Promise<MergeReport> {
    if (inputs.length === 0) return nothingToMerge
    const control = new MergeControl()
    this.#control = control
    try {
      const { manifest, report } = await merge(this.#context, this.#manifest, inputs, control)
      this.#manifest = manifest
      this.#completed++
      this.#last = report
      this.#logger.info(report, 'merged')
      return report
    } catch (error) {
      this.#failed++
      throw error
    } finally {
      this.#control = undefined
    }
  }

  /** No more is taken in than there is room for. */
  #policyNow(): MergePolicyOptions {
    const freeBytes = this.#context.disk.freeBytes ?? Number.POSITIVE_INFINITY
    return { ...this.#policy, inputBytesMax: Math.min(this.#policy.inputBytesMax, freeBytes) }
  }

  /** The sealed prefix of the log, oldest first, and the merge outputs. */
  #candidates(): [MergeCandidate[], MergeCandidate[]] {
    const bySlot = [...this.#context.files.entries()]
    const log = bySlot
      .filter(([, file]) => file.kind === segmentKind.log)
      .sort(([, a], [, b]) => a.id - b.id)
    const unsealed = log.findIndex(([, file]) => file.state !== 'sealed')
    const outputs = bySlot.filter(([, file]) => file.kind === segmentKind.merge)
    return [log.slice(0, unsealed).map(candidate), outputs.map(candidate)]
  }

  #refuseWhenStopping(): void {
    if (!this.#stopping) return
    throw new KvError(
      'KV_CLOSED',
      'the store is closing; the merge was stopped, and nothing was changed',
    )
  }
}

const nothingToMerge: MergeReport = {
  inputFiles: 0,
  inputBytes: 0,
  outputFiles: 0,
  outputBytes: 0,
  liveRecords: 0,
  droppedRecords: 0,
  keptTombstones: 0,
}

function candidate([slot, file]: readonly [number, DataFile]): MergeCandidate {
  return { slot, bytes: file.bytes, deadBytes: file.deadBytes }
}
