import type { RootDatabaseOptionsWithPath } from 'lmdb'
import type { Durability } from '../sessions/session.ts'
import { packageVersion } from './package-version.ts'
import type { Subject } from './subject.ts'

type Options = Omit<RootDatabaseOptionsWithPath, 'path'>

const always: Options = { overlappingSync: false }
const unsynced: Options = { noSync: true }
const common: Options = { encoding: 'binary', mapSize: 64 * 2 ** 30 }

/** For `always`, a promise resolves only after the sync; without `overlappingSync: false` before it. */
export function lmdbOptions(durability: Durability): Options {
  return { ...common, ...(durability === 'always' ? always : unsynced) }
}

export const lmdb: Subject = {
  name: 'lmdb',
  title: 'LMDB, lmdb-js',
  kind: 'embedded',
  product: 'lmdb',
  session: 'lmdb',
  find: async () => ({ found: true, versions: { product: `lmdb ${packageVersion('lmdb')}` } }),
  setup: (durability) => ({
    acknowledges:
      durability === 'always'
        ? 'when on the disk'
        : "when in the system's cache; on the disk when the system likes",
    options: Object.entries(lmdbOptions(durability)).map(
      ([name, value]) => `${name}: ${String(value)}`,
    ),
  }),
}
