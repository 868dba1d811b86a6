import { Store } from '../store.ts'
import type { BackupReport } from './backup.ts'
import type { BackupOptions } from './backups.ts'

/**
 * Backs up a store that no process has open, without changing a byte of it, as fast as the disks are unless told
 * otherwise. Throws as `Store.open` and {@link Store.backup}.
 */
export async function backupStore(
  dataDirectory: string,
  backupDirectory: string,
  options: BackupOptions = {},
): Promise<BackupReport> {
  await using store = await Store.open(dataDirectory, { readOnly: true })
  return await store.backup(backupDirectory, {
    ...options,
    bytesPerSecondMax: options.bytesPerSecondMax ?? Number.POSITIVE_INFINITY,
  })
}
