import type { OpenSnapshot } from './open-snapshot.ts'
import { RangeEntries } from './range-entries.ts'
import type { Reads } from './reads.ts'
import type {
  Bytes,
  CountOptions,
  PageOptions,
  RangeOptions,
  RangePage,
  StoredValue,
} from './results.ts'

/**
 * The store as of one moment, whatever is written afterwards. Opening it copies nothing. While it is open, what is
 * overwritten and deleted stays in memory, and files that merges have replaced stay on the disk: close it, with
 * {@link Snapshot.close} or `using`.
 *
 * It expires by itself when it is not read from for `snapshotIdleMs`, or when it is the oldest one and the
 * overwritten versions take more than `snapshotMemoryBytesMax`; then all reads fail with KV_CURSOR_EXPIRED, and after it or
 * the store was closed with KV_CLOSED. A key whose time was not over when it was opened stays until it is closed.
 */
export class Snapshot implements Disposable {
  readonly #open: OpenSnapshot
  readonly #reads: Reads

  constructor(open: OpenSnapshot, reads: Reads) {
    this.#open = open
    this.#reads = reads
  }

  /** Version of the newest write that it sees, 0 before the first. Throws nothing. */
  get version(): number {
    return this.#open.keys.index
  }

  /** As `Store.get`, with its errors. The buffer is the caller's own. */
  async get(key: Bytes): Promise<StoredValue | undefined> {
    this.#open.use()
    return this.#reads.getNow(key)
  }

  /** As `Store.getMany`: KV_BATCH_TOO_LARGE beyond `bytesMax` bytes of values. The buffers are the caller's own. */
  async getMany(
    keys: readonly Bytes[],
    bytesMax: number = Number.POSITIVE_INFINITY,
  ): Promise<(StoredValue | undefined)[]> {
    this.#open.use()
    return this.#reads.getMany(keys, bytesMax)
  }

  /** As `Store.page`, with its errors. What it hands out is the caller's own. */
  async page(options: PageOptions): Promise<RangePage> {
    this.#open.use()
    return this.#reads.page(options)
  }

  /** As `Store.range`, with its errors, as of this snapshot, which stays open behind it. */
  range(options: RangeOptions = {}): RangeEntries {
    return new RangeEntries(options, () => ({
      page: (page) => this.page(page),
      close: () => undefined,
    }))
  }

  /** As `Store.count`, with its errors, as of this snapshot. */
  async count(options: CountOptions = {}): Promise<number> {
    return this.#reads.count(options, () => this.#open.use())
  }

  /** Lets go of what it holds. Later calls do nothing. Throws nothing. */
  close(): void {
    this.#open.close('closed')
  }

  /** {@link close}, for `using`. */
  [Symbol.dispose](): void {
    this.close()
  }
}
