import type { SeededRandom } from './seeded-random.ts'
import { SimBytes } from './sim-bytes.ts'
import type { SimChange } from './sim-change.ts'
import { applyChange } from './sim-change.ts'
import type { CrashData } from './sim-crash.ts'
import { bytesAfterCrash } from './sim-crash.ts'
import type { Reached } from './sim-faults.ts'

/** A file apart from its names: the bytes that processes see, and those that a power cut leaves. */
export class SimFile {
  #seen: SimBytes
  #durable: SimBytes
  /** What was changed since the last sync, in order. */
  #changes: SimChange[]

  constructor(
    seen: SimBytes = new SimBytes(),
    durable: SimBytes = seen.share(),
    changes: SimChange[] = [],
  ) {
    this.#seen = seen
    this.#durable = durable
    this.#changes = changes
  }

  get size(): number {
    return this.#seen.length
  }

  read(target: Uint8Array, position: number): number {
    return this.#seen.read(target, position)
  }

  toBytes(): Uint8Array {
    return this.#seen.toBytes()
  }

  change(change: SimChange): void {
    applyChange(this.#seen, change)
    this.#changes.push(change)
  }

  sync(): void {
    const inFlight: SimChange[] = []
    for (const change of this.#changes) {
      if (change.isSettled) applyChange(this.#durable, change)
      else inFlight.push(change)
    }
    this.#changes = inFlight
  }

  /**
   * A sync that fails. As on Linux what was dirty counts as clean from now on: `reached` of it is on the
   * disk, and no later sync brings the rest there (Rebello et al., ATC'20, section 3).
   */
  failSync(reached: Reached): void {
    const settled = this.#changes.filter((change) => change.isSettled)
    const durableCount = partOf(settled.length, reached)
    for (const change of settled.slice(0, durableCount)) applyChange(this.#durable, change)
    this.#changes = this.#changes.filter((change) => !change.isSettled)
  }

  /** Puts other bytes on the disk, behind every process's back. */
  replace(bytes: Uint8Array): void {
    this.#seen = SimBytes.copyOf(bytes)
    this.#durable = this.#seen.share()
    this.#changes = []
  }

  clone(): SimFile {
    return new SimFile(this.#seen.share(), this.#durable.share(), this.#changes.slice())
  }

  /** The file as a power cut leaves it. */
  afterCrash(data: CrashData, random: SeededRandom): SimFile {
    return new SimFile(bytesAfterCrash(this.#durable, this.#changes, data, random))
  }
}

/** How many of `count` reached the disk, from the first on. */
export function partOf(count: number, reached: Reached): number {
  if (reached === 'none') return 0
  return reached === 'all' ? count : Math.floor(count / 2)
}
