/** `@kv/engine/inspect`: work on the files of a store that no process has open, for tools. */
export type { BackupProgress, BackupReport } from './backup/backup.ts'
export type { BackupReadOptions, VerifiedBackup } from './backup/backup-reader.ts'
export { backupStore } from './backup/backup-store.ts'
export type { BackupOptions } from './backup/backups.ts'
export type { RestoreReport } from './backup/restore.ts'
export { restoreBackup } from './backup/restore.ts'
export { verifyBackup } from './backup/verify.ts'
export { KvError as StoreError } from './errors.ts'
