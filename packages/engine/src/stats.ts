import type { LatencySummary } from './histogram.ts'
import type { KeydirMemory } from './keydir/keydir.ts'
import type { MergeStats } from './merge/scheduler.ts'
import type { SnapshotStats } from './snapshots.ts'

/** A picture of the store at one moment. Sizes in bytes; counters since it was opened. */
export interface StoreStats {
  readonly keys: number
  /** Index of the last applied record. */
  readonly appliedIndex: number
  readonly files: {
    readonly logSegments: number
    /** Full segments that wait for their footer and hint. */
    readonly unsealedSegments: number
    readonly mergeOutputs: number
    readonly open: number
    readonly bytes: number
    readonly liveBytes: number
    readonly deadBytes: number
  }
  readonly operations: {
    readonly puts: number
    readonly deletes: number
    readonly batches: number
    readonly gets: number
    /** Pages of ranges, and counts. */
    readonly pages: number
    readonly refused: number
  }
  readonly disk: {
    /** When it was last looked at: at least every 8 MiB written. */
    readonly freeBytes: number | undefined
    /** Puts are refused. */
    readonly isLow: boolean
  }
  readonly keydir: KeydirMemory
  readonly snapshots: SnapshotStats
  readonly expiry: {
    /** Keys that expire, among them those whose tombstone is still to come. */
    readonly keys: number
    /** Keys whose time was over and whose tombstone was written. */
    readonly removed: number
  }
  readonly commits: {
    readonly groups: number
    readonly records: number
    readonly bytes: number
    /** Bytes that wait to be written. */
    readonly pendingBytes: number
    readonly latency: LatencySummary
    readonly syncs: LatencySummary
  }
  readonly merges: MergeStats
  readonly recovery: {
    readonly openMs: number
    /** The keydir was loaded from its image, as the last close was a clean one; else hints were merged. */
    readonly fromImage: boolean
    readonly cutBytes: number
  }
  /** A disk error has ended all writing. */
  readonly failed: boolean
}
