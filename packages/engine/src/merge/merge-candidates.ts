import type { DataFile } from '../data-file.ts'
import type { FileTable } from '../file-table.ts'
import { segmentKind } from '../segment.ts'
import type { MergeCandidate, MergeCandidates } from './policy.ts'

/** The files of a store, sorted by what a merge can do with them. */
export function mergeCandidates(files: FileTable): MergeCandidates {
  const log: [number, DataFile][] = []
  const outputs: MergeCandidate[] = []
  for (const entry of files.entries()) {
    if (entry[1].kind === segmentKind.log) log.push([...entry])
    else outputs.push(candidate(entry))
  }
  log.sort(([, a], [, b]) => a.id - b.id)
  const unsealed = log.findIndex(([, file]) => file.state !== 'sealed')
  const rest = log.slice(unsealed).map(([, file]) => file)
  return {
    log: log.slice(0, unsealed).map(candidate),
    outputs,
    unsealed: {
      bytes: rest.reduce((sum, { bytes }) => sum + bytes, 0),
      deadBytes: rest.reduce((sum, { deadBytes }) => sum + deadBytes, 0),
    },
  }
}

function candidate([slot, file]: readonly [number, DataFile]): MergeCandidate {
  const { bytes, deadBytes, keptTombstoneBytes, liveRecords } = file
  const { lowestIndex, highestIndex, lowestKey, highestKey } = file
  return {
    slot,
    bytes,
    deadBytes,
    keptTombstoneBytes,
    liveRecords,
    lowestIndex,
    highestIndex,
    lowestKey,
    highestKey,
  }
}
