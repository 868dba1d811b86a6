import type { LatencySummary } from './histogram.ts'
import type { KeydirMemory } from './keydir/keydir.ts'
import type { MergeStats } from './merge/scheduler.ts'
import type { ReadCacheStats } from './read-cache.ts'
import type { ReadStats } from './record-reader.ts'
import type { SnapshotStats } from './snapshots.ts'

/** A picture of the store at one moment, the caller's own. Sizes in bytes, times in ms; counters since it was opened. */
export interface StoreStats {
  /** Keys in memory: among them those whose time is over and whose tombstone is still to come. */
  readonly keys: number
  /** Index of the last applied record. */
  readonly appliedIndex: number
  /** The data files, as they are now. */
  readonly files: {
    /** Segments of the log, the one that is written to included. */
    readonly logSegments: number
    /** Full segments that wait for their footer and hint. */
    readonly unsealedSegments: number
    /** Files that merges have written. */
    readonly mergeOutputs: number
    /** Descriptors kept open for reading. */
    readonly open: number
    /** Of segments and merge outputs, without their hints. */
    readonly bytes: number
    /** Of records that keys hold. */
    readonly liveBytes: number
    /** What a merge would give back at most: dead records, and the heads of the log's frames, 40 bytes each. */
    readonly deadBytes: number
  }
  /** Calls that were taken. */
  readonly operations: {
    readonly puts: number
    /** Deletes of keys and of ranges. */
    readonly deletes: number
    readonly batches: number
    /** Keys asked for, one by one or many at once. */
    readonly gets: number
    /** Pages of ranges, and counts. */
    readonly pages: number
    /** Writes that failed before anything of them was written. */
    readonly refused: number
  }
  /** The disk of the data directory. */
  readonly disk: {
    /** Bytes, when it was last looked at: at least every 8 MiB written. */
    readonly freeBytes: number | undefined
    /** It is down to the reserve: puts are refused. */
    readonly isLow: boolean
  }
  /** Memory outside the JavaScript heap. */
  readonly keydir: KeydirMemory & {
    /** The cap on all of it but `freeBytes`. */
    readonly bytesMax: number
    /** New keys are refused. */
    readonly isFull: boolean
    /** Writes that were refused because of it. */
    readonly refused: number
  }
  /** Blocks of data files that were read lately. */
  readonly cache: ReadCacheStats
  /** Reads from the disk that are under way. */
  readonly reads: ReadStats
  readonly snapshots: SnapshotStats
  /** Keys with a time to live. */
  readonly expiry: {
    /** Keys that expire, among them those whose tombstone is still to come. */
    readonly keys: number
    /** Keys whose time was over and whose tombstone was written. */
    readonly removed: number
  }
  /** Writes to the log. */
  readonly commits: {
    /** Groups of writes that went to the disk together, with the records and bytes in them. */
    readonly groups: number
    readonly records: number
    readonly bytes: number
    /** Bytes that wait to be written. */
    readonly pendingBytes: number
    /** From a write's call to its answer. */
    readonly latency: LatencySummary
    /** What the syncs of the log took. */
    readonly syncs: LatencySummary
  }
  readonly merges: MergeStats
  /** What the open had to do. */
  readonly recovery: {
    /** What opening took. */
    readonly openMs: number
    /** The keydir was loaded from its image, as the last close was a clean one; else hints were merged. */
    readonly fromImage: boolean
    /** Length of the torn tail that was cut off the log. */
    readonly cutBytes: number
  }
  /** A disk error has ended all writing. */
  readonly failed: boolean
}
