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

export function sqlitePragmas(durability: Durability): readonly string[] {
  return ['journal_mode = WAL', `synchronous = ${synchronous[durability]}`]
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
