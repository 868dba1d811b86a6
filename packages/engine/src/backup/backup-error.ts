import { KvError } from '../errors.ts'

/** A backup is not what it should be: `path`, below its directory, has `damage`. `damagedFiles` counts all of them. */
export function corruptBackup(
  path: string,
  damage: string,
  { cause, damagedFiles = 1 }: { readonly cause?: unknown; readonly damagedFiles?: number } = {},
): KvError {
  const others = damagedFiles > 1 ? `, and ${damagedFiles - 1} more` : ''
  return new KvError(
    'KV_CORRUPT_BACKUP',
    `the backup is damaged: ${path}: ${damage}${others}; the backup was not changed; use another one, or make a new one in another directory`,
    { details: { path, damage, damagedFiles }, ...(cause === undefined ? {} : { cause }) },
  )
}
