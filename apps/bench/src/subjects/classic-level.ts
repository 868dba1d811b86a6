import { packageVersion } from './package-version.ts'
import type { Subject } from './subject.ts'

/** What an iterator reads at once: its documentation advises the size of what is asked for. */
export const rangeBytesMax = 1_048_576

const iteratorOption = `highWaterMarkBytes: ${rangeBytesMax}`

export const classicLevel: Subject = {
  name: 'classic-level',
  title: 'LevelDB, classic-level',
  kind: 'embedded',
  product: 'leveldb',
  session: 'classic-level',
  find: async () => ({
    found: true,
    versions: { product: `classic-level ${packageVersion('classic-level')}` },
  }),
  setup: (durability) => ({
    acknowledges:
      durability === 'always'
        ? 'when on the disk'
        : "when in the system's cache; on the disk when the system likes",
    options: [...(durability === 'always' ? ['sync: true'] : []), iteratorOption],
  }),
}
