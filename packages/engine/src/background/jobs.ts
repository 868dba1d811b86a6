/** Work that would hold the event loop: it can be done on another thread. What goes in and out can be sent there. */
import type { Clock } from '../clock.ts'
import type { FileSystem } from '../file-system/file-system.ts'
import { type MergeJob, type MergeJobResult, runMergeJob } from '../merge/merge-job.ts'
import { NewestRecords } from '../newest-records.ts'
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
  /** One at most, for the next hint. */
  #newest: NewestRecords[] = []

  constructor(fileSystem: FileSystem, clock: Clock) {
    this.#fileSystem = fileSystem
    this.#clock = clock
  }

  async writeSegmentHint(segment: SegmentWithoutHint): Promise<void> {
    // Its memory is used again: some tens of MB for a segment of small records.
    const newest = this.#newest.pop() ?? new NewestRecords()
    try {
      await writeSegmentHint(this.#fileSystem, segment, newest, () => this.#clock.nextTurn())
    } finally {
      this.#newest = [newest]
    }
  }

  merge(job: MergeJob): Promise<MergeJobResult> {
    return runMergeJob(this.#fileSystem, this.#clock, job)
  }
}
