import { LatencyHistogram } from './histogram.ts'
import type { StoreStats } from './stats.ts'

/** What a store counts and times from its opening on. */
export class StoreCounters {
  readonly operations = { puts: 0, deletes: 0, batches: 0, gets: 0, pages: 0, refused: 0 }
  /** From a write's call to its acknowledgement. */
  readonly writes: LatencyHistogram = new LatencyHistogram()
  readonly syncs: LatencyHistogram = new LatencyHistogram()
  readonly #commits = { groups: 0, records: 0, bytes: 0 }

  /** Reads and writes of any kind. */
  get total(): number {
    const { puts, deletes, batches, gets, pages } = this.operations
    return puts + deletes + batches + gets + pages
  }

  /** A group was written; `syncMs` is undefined when it was not synced. */
  written(records: number, bytes: number, syncMs: number | undefined): void {
    this.#commits.groups++
    this.#commits.records += records
    this.#commits.bytes += bytes
    if (syncMs !== undefined) this.syncs.record(syncMs)
  }

  commits(pendingBytes: number): StoreStats['commits'] {
    return {
      ...this.#commits,
      pendingBytes,
      latency: this.writes.summary(),
      syncs: this.syncs.summary(),
    }
  }
}
