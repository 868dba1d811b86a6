import { KvError } from './errors.ts'

/** The store is damaged where it was once durable: `path` (below the data directory) has `damage`. */
export function corruptStore(path: string, damage: string, cause?: unknown): KvError {
  return new KvError(
    'KV_CORRUPT_STORE',
    `the store is damaged: ${path}: ${damage}; nothing was changed; restore the directory from a backup, or save what is left of it with kv repair (docs/care.md)`,
    { details: { path, damage }, ...(cause === undefined ? {} : { cause }) },
  )
}
