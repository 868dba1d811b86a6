/** Work that would hold the event loop: it can be done on another thread. What goes in and out can be sent there. */
import type { Clock } from '../clock.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { type MergeJob, type MergeJobResult, runMergeJob } from '../merge/merge-job.ts'
import { type SegmentWithoutHint, writeSegmentHint } from '../segment-hint.ts'

export interface Jobs {
  /** Writes the hint of a sealed log segment. */
  writeSegmentHint(segment: SegmentWithoutHint): Promise<void>
  /** Writes the outputs of a merge. */
  merge(job: MergeJob): Promise<MergeJobResult>
}

/** Does them on this thread, in slices. */
export class ThisThreadJobs implements Jobs {
  readonly #fileSystem: FileSystem
  readonly #clock: Clock

  constructor(fileSystem: FileSystem, clock: Clock) {
    this.#fileSystem = fileSystem
    this.#clock = clock
  }

  writeSegmentHint(segment: SegmentWithoutHint): Promise<void> {
    return writeSegmentHint(this.#fileSystem, segment, () => this.#clock.nextTurn())
  }

  merge(job: MergeJob): Promise<MergeJobResult> {
    return runMergeJob(this.#fileSystem, this.#clock, job)
  }
}
