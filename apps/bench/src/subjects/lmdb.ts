import type { RootDatabaseOptionsWithPath } from 'lmdb'
import type { Durability } from '../sessions/session.ts'
import { packageVersion } from './package-version.ts'
import type { Subject } from './subject.ts'

type Options = Omit<RootDatabaseOptionsWithPath, 'path'>

/** Its documentation has the two together: a commit is then no more than a change of mapped memory. */
const unsynced: Options = { noSync: true, useWritemap: true }
/**
 * With `string`, values are written from the same bytes as with `binary`, and read up to three times as fast: a
 * string is made quicker than a copy in a `Uint8Array`. That holds for values up to about 64 KiB.
 */
const common: Options = { encoding: 'string', mapSize: 64 * 2 ** 30 }

/**
 * By default a promise of lmdb 3.5 resolves after the `fdatasync` of its transaction, with `overlappingSync` (the
 * default on Linux) or without; no `flushed` has to be waited for.
 */
export function lmdbOptions(durability: Durability): Options {
  return { ...common, ...(durability === 'always' ? {} : unsynced) }
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
        : "when in the system's cache; on the disk when the system likes, in any order: a crash of the machine may damage the store",
    options: Object.entries(lmdbOptions(durability)).map(([name, value]) =>
      typeof value === 'string' ? `${name}: '${value}'` : `${name}: ${String(value)}`,
    ),
  }),
}
