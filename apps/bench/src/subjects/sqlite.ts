import type { Durability } from '../sessions/session.ts'
import type { Subject } from './subject.ts'

const synchronous: Readonly<Record<Durability, string>> = {
  always: 'FULL',
  interval: 'NORMAL',
  none: 'OFF',
}

const acknowledges: Readonly<Record<Durability, string>> = {
  always: 'when on the disk',
  interval: "when in the system's cache; on the disk with the next checkpoint",
  none: "when in the system's cache; on the disk when the system likes",
}

/**
 * Fit for rows under a twentieth of a page, 200 bytes (sqlite.org/withoutrowid.html): with larger ones the table
 * wants a rowid, or reads are four times slower at 1 KiB. Text is read up to three times as fast as blobs.
 */
export const sqliteTable = 'kv (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID'

/** The locking mode has to come first: the index of the log is then in this process, not shared with others. */
export function sqlitePragmas(durability: Durability): readonly string[] {
  return [
    'locking_mode = EXCLUSIVE',
    'journal_mode = WAL',
    `synchronous = ${synchronous[durability]}`,
    'cache_size = -65536',
    'mmap_size = 2147418112',
  ]
}

export const sqlite: Subject = {
  name: 'sqlite',
  title: 'SQLite, node:sqlite',
  kind: 'embedded',
  product: 'sqlite',
  session: 'sqlite',
  find: async () => ({ found: true, versions: { product: `SQLite ${process.versions.sqlite}` } }),
  setup: (durability) => ({
    acknowledges: acknowledges[durability],
    options: [...sqlitePragmas(durability), 'WITHOUT ROWID'],
  }),
}
