import { directoryError } from '../directory-error.ts'
import { checkedPath } from '../path-argument.ts'
import { corruptBackup } from './backup-error.ts'
import { storedPath } from './backup-manifest.ts'
import { BackupReader, type BackupReadOptions, type VerifiedBackup } from './backup-reader.ts'
import { sumFile } from './file-copy.ts'

const notVerified = 'the backup was not verified'

/**
 * Reads every byte of a backup and checks it. Changes nothing.
 *
 * @throws KvError KV_CORRUPT_BACKUP when it is damaged or incomplete, KV_BAD_REQUEST when there is none, KV_TRY_LATER
 * without a free descriptor, KV_STORAGE_FAILED when the disk failed; the signal's reason; `TypeError` for a path or options
 * that are none.
 */
export async function verifyBackup(
  backupDirectory: string,
  options: BackupReadOptions = {},
): Promise<VerifiedBackup> {
  const directory = checkedPath(backupDirectory, 'the directory of the backup', notVerified)
  try {
    const reader = await BackupReader.open(directory, options)
    const damages: { readonly path: string; readonly damage: string }[] = []
    for (const file of reader.manifest.files) {
      const damage = await reader.damageOf(file, (source) =>
        sumFile(source, file.bytes, reader.pace, reader.observer),
      )
      if (damage !== undefined) damages.push({ path: storedPath(file), damage })
    }
    const [first] = damages
    if (first === undefined) return reader.summary
    throw corruptBackup(first.path, first.damage, { damagedFiles: damages.length })
  } catch (error) {
    throw directoryError(error, directory, notVerified)
  }
}
