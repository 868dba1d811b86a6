import type { Logger } from '../../src/logger.ts'
import type { MergeReport } from '../../src/merge/merge-report.ts'
import type { Store } from '../../src/store.ts'

/** Counts what merges do, from what the store logs of them. */
export class MergeTally implements Logger {
  /** The store that logs here. */
  store: Store | undefined
  merges = 0
  /** Those that left merge outputs out. */
  partial = 0
  keptTombstones = 0

  info(fields: object, message: string): void {
    if (message !== 'merged') return
    const { outputFiles, keptTombstones } = fields as MergeReport
    this.merges++
    this.keptTombstones += keptTombstones
    if ((this.store?.stats().files.mergeOutputs ?? 0) > outputFiles) this.partial++
  }

  warn(): void {}

  error(): void {}
}
