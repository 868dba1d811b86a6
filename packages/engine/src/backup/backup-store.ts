import { KvError } from '../errors.ts'
import { checkedPath } from '../path-argument.ts'
import { Store } from '../store.ts'
import type { BackupReport } from './backup.ts'
import type { BackupOptions } from './backups.ts'

const notMade = 'no backup was made'

/**
 * Backs up a store that no process has open, without changing a byte of it, as fast as the disks are unless told
 * otherwise. Throws as `Store.open` and {@link Store.backup}.
 */
export async function backupStore(
  dataDirectory: string,
  backupDirectory: string,
  options: BackupOptions = {},
): Promise<BackupReport> {
  const directory = checkedPath(dataDirectory, 'the directory of the store', notMade)
  await using store = await openForReading(directory)
  return await store.backup(backupDirectory, {
    ...options,
    bytesPerSecondMax: options.bytesPerSecondMax ?? Number.POSITIVE_INFINITY,
  })
}

async function openForReading(directory: string): Promise<Store> {
  try {
    return await Store.open(directory, { readOnly: true })
  } catch (error) {
    // With a cause the system has refused the directory; without one it holds no store.
    const holdsNone =
      error instanceof KvError && error.code === 'KV_BAD_REQUEST' && error.cause === undefined
    if (!holdsNone) throw error
    throw new KvError(
      'KV_BAD_REQUEST',
      `${directory} holds no store; ${notMade}; name the directory of a store`,
      { cause: error },
    )
  }
}
