/** What a merge did, or several in one go. Sizes in bytes; all are 0 when there was nothing to merge. */
export interface MergeReport {
  /** Segments and earlier outputs that were rewritten, and are gone. */
  readonly inputFiles: number
  readonly inputBytes: number
  /** Files that took their place. */
  readonly outputFiles: number
  readonly outputBytes: number
  /** Records that keys held, and that were copied. */
  readonly liveRecords: number
  /** Records that no key held, and that were left behind. */
  readonly droppedRecords: number
  /** Tombstones kept because an older record may lie outside the inputs. */
  readonly keptTombstones: number
}

export const nothingMerged: MergeReport = {
  inputFiles: 0,
  inputBytes: 0,
  outputFiles: 0,
  outputBytes: 0,
  liveRecords: 0,
  droppedRecords: 0,
  keptTombstones: 0,
}

/** Of two merges, one after the other. */
export function sumOfReports(a: MergeReport, b: MergeReport): MergeReport {
  return {
    inputFiles: a.inputFiles + b.inputFiles,
    inputBytes: a.inputBytes + b.inputBytes,
    outputFiles: a.outputFiles + b.outputFiles,
    outputBytes: a.outputBytes + b.outputBytes,
    liveRecords: a.liveRecords + b.liveRecords,
    droppedRecords: a.droppedRecords + b.droppedRecords,
    keptTombstones: a.keptTombstones + b.keptTombstones,
  }
}
