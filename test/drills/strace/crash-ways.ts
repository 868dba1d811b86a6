import { SeededRandom } from '../../../packages/engine/src/file-system/seeded-random.ts'
import type {
  CrashChoice,
  CrashData,
  CrashNames,
} from '../../../packages/engine/src/file-system/sim-crash.ts'
import type { Moment } from './moments.ts'

const allData: readonly CrashData[] = [
  'none',
  'all',
  'subset',
  'sectors',
  'torn',
  'zeros',
  'mixed',
  'mixed',
  'mixed',
]
const allNames: readonly CrashNames[] = ['dropped', 'kept', 'subset']

/**
 * Ways of a power cut at `moment` that may differ, at most `count`: the one that takes all it may take, and others
 * chosen by the moment's number.
 */
export function crashWays({ number, disk }: Moment, count: number): CrashChoice[] {
  const data = disk.hasUnsyncedBytes ? allData : (['none'] as const)
  const names = disk.hasUnsyncedNames ? allNames : (['dropped'] as const)
  const ways = data.flatMap((data, row) =>
    names.map((names, column) => ({ data, names, seed: number * 100 + row * 3 + column })),
  )
  const random = new SeededRandom(number)
  for (let place = ways.length - 1; place > 1; place--) {
    const other = 1 + random.below(place)
    const way = ways[place]!
    ways[place] = ways[other]!
    ways[other] = way
  }
  return ways.slice(0, count)
}
