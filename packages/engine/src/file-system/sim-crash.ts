/**
 * What a power cut leaves of a file. Un-synced changes reach the disk in any order or not at all, in
 * whole sectors of 512 bytes; the size of a file may reach it before its bytes, which then are zeros.
 */
import { unreachable } from '../assert.ts'
import type { SeededRandom } from './seeded-random.ts'
import type { SimBytes } from './sim-bytes.ts'
import type { SimChange } from './sim-change.ts'
import { applyChange, lengthAfter } from './sim-change.ts'

/** Which one of the states that a power cut may leave. */
export interface CrashChoice {
  data: CrashData
  names: CrashNames
  /** For the choices with chance in them; the same seed leaves the same state. 0 by default. */
  seed?: number
}

/**
 * What happens to un-synced changes, in each file:
 * - `none` is on the disk, or `all` are;
 * - `subset`: each whole change is or is not;
 * - `sectors`: each sector of each change is or is not;
 * - `torn`: those before some change are, of that one the first sectors, of the later ones nothing;
 * - `zeros`: as `torn`, but the file has its full size, and zeros in place of what is missing;
 * - `mixed`: each file goes its own one of these ways.
 */
export type CrashData = 'none' | 'all' | FileCrash | 'mixed'

/** What happens to un-synced names: all are `kept`, all are `dropped`, or each operation is kept or not. */
export type CrashNames = 'kept' | 'dropped' | 'subset'

type FileCrash = 'subset' | 'sectors' | 'torn' | 'zeros'

const mixedWays = ['none', 'all', 'subset', 'sectors', 'torn', 'zeros'] as const

const sectorBytes = 512

/** The bytes on the disk after the cut: those in `durable`, and what `data` says of `changes`. */
export function bytesAfterCrash(
  durable: SimBytes,
  changes: readonly SimChange[],
  data: CrashData,
  random: SeededRandom,
): SimBytes {
  const bytes = durable.share()
  if (changes.length === 0) return bytes
  switch (data) {
    case 'none':
      return bytes
    case 'all':
      for (const change of changes) applyChange(bytes, change)
      return bytes
    case 'subset':
      for (const change of changes) if (random.chance()) applyChange(bytes, change)
      return bytes
    case 'sectors':
      for (const change of changes) applySectors(bytes, change, random)
      return bytes
    case 'torn':
      applyTorn(bytes, changes, random)
      return bytes
    case 'zeros': {
      applyTorn(bytes, changes, random)
      const length = changes.reduce(lengthAfter, durable.length)
      if (length > bytes.length) bytes.resize(length)
      return bytes
    }
    case 'mixed': {
      const way = mixedWays[random.below(mixedWays.length)]!
      return bytesAfterCrash(durable, changes, way, random)
    }
    default:
      return unreachable(data)
  }
}

function applySectors(bytes: SimBytes, change: SimChange, random: SeededRandom): void {
  if (change.kind === 'truncate') {
    if (random.chance()) applyChange(bytes, change)
    return
  }
  let from = 0
  while (from < change.bytes.length) {
    const to = Math.min(change.bytes.length, sectorEnd(change.position + from) - change.position)
    if (random.chance()) bytes.write(change.bytes.subarray(from, to), change.position + from)
    from = to
  }
}

function applyTorn(bytes: SimBytes, changes: readonly SimChange[], random: SeededRandom): void {
  const torn = random.below(changes.length)
  for (const change of changes.slice(0, torn)) applyChange(bytes, change)
  const change = changes[torn]!
  if (change.kind === 'truncate') return
  const first = sectorEnd(change.position)
  const boundaries = Math.ceil((change.position + change.bytes.length - first) / sectorBytes)
  if (boundaries <= 0) return
  const cut = first + random.below(boundaries) * sectorBytes
  bytes.write(change.bytes.subarray(0, cut - change.position), change.position)
}

/** Where the sector with the byte at `position` ends. */
function sectorEnd(position: number): number {
  return (Math.floor(position / sectorBytes) + 1) * sectorBytes
}
