import { SeededRandom } from '../../../packages/engine/src/file-system/seeded-random.ts'

/**
 * What is to come of it:
 * - `fails`: the error is final where it hits the log, and the server ends with 74;
 * - `refuses`: writes are refused with KV_DISK_FULL, and it goes on;
 * - `does not start`: it ends with 74 before it serves;
 * - `is slow`: answers wait for the disk, and are right;
 * - `hangs`: nothing is answered any more;
 * - `dies`: the process is killed inside the call.
 */
type Consequence = 'fails' | 'refuses' | 'does not start' | 'is slow' | 'hangs' | 'dies'

export interface DiskErrorCase {
  readonly name: string
  /** As strace takes it. */
  readonly injection: string
  readonly consequence: Consequence
}

/** How long a slow sync takes, in ms. */
export const slowSyncMs = 100

/** Longer than any drill waits, in microseconds. */
const foreverUs = 3_600_000_000

/**
 * strace counts the calls of each thread for itself: `when` is so that with one thread in the pool the start is over,
 * and the load comes to it for sure.
 */
export function diskErrorCases(seed: number): DiskErrorCase[] {
  const random = new SeededRandom(seed)
  const cases: DiskErrorCase[] = []
  add(10, 'fails', () => `fdatasync:error=EIO:when=${between(3, 25)}`)
  add(2, 'fails', () => `fdatasync:error=ENOSPC:when=${between(3, 25)}`)
  add(4, 'fails', () => `fsync:error=EIO:when=${between(3, 6)}`)
  add(6, 'fails', () => `pwrite64:error=EIO:when=${between(3, 25)}`)
  add(2, 'fails', () => `rename:error=EIO:when=${between(1, 3)}`)
  add(1, 'does not start', () => 'fdatasync:error=EIO:when=1')
  add(1, 'does not start', () => 'fsync:error=EIO:when=1')
  add(1, 'does not start', () => 'pwrite64:error=EIO:when=1')
  add(6, 'refuses', () => {
    const first = between(3, 25)
    return `pwrite64:error=ENOSPC:when=${first}..${first + between(1, 5)}`
  })
  add(2, 'is slow', () => `fdatasync:delay_enter=${slowSyncMs * 1_000}`)
  add(2, 'is slow', () => `fdatasync:delay_exit=${slowSyncMs * 1_000}`)
  add(4, 'hangs', () => `fdatasync:delay_enter=${foreverUs}:when=${between(3, 25)}`)
  add(3, 'dies', () => `fdatasync:signal=KILL:when=${between(3, 25)}`)
  add(3, 'dies', () => `pwrite64:signal=KILL:when=${between(3, 25)}`)
  add(1, 'dies', () => `rename:signal=KILL:when=${between(1, 4)}`)
  add(1, 'dies', () => `fsync:signal=KILL:when=${between(3, 6)}`)
  return cases

  function add(times: number, consequence: Consequence, injection: () => string): void {
    for (let time = 0; time < times; time++) {
      cases.push({ name: `C11 ${cases.length}`, injection: injection(), consequence })
    }
  }

  function between(low: number, high: number): number {
    return low + random.below(high - low + 1)
  }
}
