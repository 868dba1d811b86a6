/** What a merge did. Sizes in bytes. */
export interface MergeReport {
  readonly inputFiles: number
  readonly inputBytes: number
  readonly outputFiles: number
  readonly outputBytes: number
  readonly liveRecords: number
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
