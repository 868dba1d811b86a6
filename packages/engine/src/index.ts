export type { BackupProgress, BackupReport } from './backup/backup.ts'
export type { BackupReadOptions, VerifiedBackup } from './backup/backup-reader.ts'
export type { BackupOptions } from './backup/backups.ts'
export type { RestoreReport } from './backup/restore.ts'
export { restoreBackup } from './backup/restore.ts'
export { verifyBackup } from './backup/verify.ts'
export type { Problem, Severity, VerifyReport } from './care/findings.ts'
export type { CareProgress, PaceOptions } from './care/pace.ts'
export type { Clock } from './clock.ts'
export { systemClock } from './clock.ts'
export type { Outcome, StoreErrorCode } from './errors.ts'
export { KvError, storeErrorTraits } from './errors.ts'
export type { FileSystem } from './file-system/file-system.ts'
export type { LatencySummary } from './histogram.ts'
export { LatencyHistogram } from './histogram.ts'
export type { KeyBounds } from './key-bounds.ts'
export type { KeydirMemory } from './keydir/keydir.ts'
export type { Logger } from './logger.ts'
export type { MergeReport } from './merge/merge-report.ts'
export type { MergePhase, MergeProgress } from './merge/running-merge.ts'
export type { MergeStats } from './merge/scheduler.ts'
export type { NodeIdentity } from './node-file.ts'
export type { DurabilityMode, StoreOptions } from './options.ts'
export type { RangeEntries } from './range-entries.ts'
export type { ReadCacheStats } from './read-cache.ts'
export type { ReadStats } from './record-reader.ts'
export type {
  BatchOperation,
  Bytes,
  CountOptions,
  DeleteOptions,
  DeleteRangeOptions,
  DeleteRangeResult,
  DeleteResult,
  PageOptions,
  PutOptions,
  RangeEntry,
  RangeOptions,
  RangePage,
  ReachedDurability,
  StoredValue,
  WriteOptions,
  WriteResult,
} from './results.ts'
export { Snapshot } from './snapshot.ts'
export type { SnapshotStats } from './snapshots.ts'
export type { StoreStats } from './stats.ts'
export { Store } from './store.ts'
