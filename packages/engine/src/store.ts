import type { BackupReport } from './backup/backup.ts'
import type { BackupOptions } from './backup/backups.ts'
import type { VerifyReport } from './care/findings.ts'
import { type PaceOptions, paceOptionNames } from './care/pace.ts'
import { verifyOpenStore } from './care/verify-open-store.ts'
import { notOpened } from './data-directory.ts'
import { LiveKeys } from './live-keys.ts'
import type { MergeReport } from './merge/merge-report.ts'
import type { NodeIdentity } from './node-file.ts'
import { refuseUnknownNames } from './option-names.ts'
import { checkFollowing } from './option-values.ts'
import { configure, type StoreOptions } from './options.ts'
import { checkedPath } from './path-argument.ts'
import { RangeEntries } from './range-entries.ts'
import type {
  BatchOperation,
  Bytes,
  CountOptions,
  DeleteOptions,
  DeleteRangeOptions,
  DeleteRangeResult,
  DeleteResult,
  PageOptions,
  PutOptions,
  RangeOptions,
  RangePage,
  StoredValue,
  WriteOptions,
  WriteResult,
} from './results.ts'
import { Snapshot } from './snapshot.ts'
import type { StoreStats } from './stats.ts'
import { StoreParts } from './store-parts.ts'

/**
 * A persistent, ordered key/value store in one directory, for one process.
 *
 * Keys are 0 to 65,535 bytes and compare byte by byte; values are any bytes. What is handed in is copied
 * before a call returns; what is handed out is the caller's. Wrong arguments are `TypeError` or `RangeError`,
 * expected failures `KvError` with a code. All methods of a closed store fail with KV_CLOSED, but for `close` and what
 * needs no file: `identity`, `appliedIndex`, `valueBytes` and `stats`.
 */
export class Store implements AsyncDisposable {
  readonly #parts: StoreParts
  readonly #openMs: number
  #closing: Promise<void> | undefined

  /**
   * Opens the store in the directory `path`, creating it when there is none; its parent must exist. With `readOnly`
   * nothing is created, and nothing changed. Whoever opens a store closes it.
   *
   * @throws KvError KV_LOCKED while another store holds the directory, KV_CORRUPT_STORE when something that
   * was durable is damaged (nothing is changed then), KV_BAD_REQUEST when the directory cannot be made or used, holds other
   * files, or no store to read, KV_DISK_FULL, KV_TRY_LATER without a free descriptor, KV_STORAGE_FAILED when the disk failed;
   * `TypeError` for what is no path, `TypeError` and `RangeError` for options.
   */
  static async open(path: string, options: StoreOptions = {}): Promise<Store> {
    const directory = checkedPath(path, 'the directory of the store', notOpened)
    const configuration = configure(options)
    const { clock } = configuration
    const start = clock.monotonic()
    const parts = await StoreParts.open(directory, configuration)
    return new Store(parts, clock.monotonic() - start)
  }

  private constructor(parts: StoreParts, openMs: number) {
    this.#parts = parts
    this.#openMs = openMs
  }

  /** Who this store belongs to: ids that are made with the directory and never change. Throws nothing. */
  get identity(): NodeIdentity {
    return this.#parts.identity
  }

  /** Index of the last applied record: the version of the newest write that reads see, 0 before the first. Throws nothing. */
  get appliedIndex(): number {
    return this.#parts.applier.appliedIndex
  }

  /**
   * Sets a key, under a condition or for a time where the options say so. A key whose time is over is not there
   * for anybody from that moment on.
   *
   * @throws KvError KV_VERSION_MISMATCH, KV_KEY_TOO_LARGE, KV_VALUE_TOO_LARGE, KV_TRY_LATER, KV_DISK_FULL, KV_MEMORY_FULL,
   * KV_READ_ONLY (none of them wrote anything), KV_STORAGE_FAILED (whether it was written is unknown); `TypeError` for other than text and bytes, unknown
   * options and both conditions at once, `RangeError` for a `ttlMs` or an `ifVersion` out of bounds.
   */
  put(key: Bytes, value: Bytes, options?: PutOptions): Promise<WriteResult> {
    return this.#parts.writes.put(key, value, options)
  }

  /** Removes a key. An absent one logs nothing. Throws as {@link put}; KV_DISK_FULL only on a disk without any room. */
  delete(key: Bytes, options?: DeleteOptions): Promise<DeleteResult> {
    return this.#parts.writes.delete(key, options)
  }

  /**
   * Applies all operations, in this order, or none of them. The result's version is that of the first one.
   *
   * @throws KvError KV_BATCH_TOO_LARGE beyond `batchOperationsMax` or `batchBytesMax`, and as {@link put}; `RangeError` for
   * an empty batch.
   */
  batch(operations: readonly BatchOperation[], options?: WriteOptions): Promise<WriteResult> {
    return this.#parts.writes.batch(operations, options)
  }

  /**
   * Removes every key inside the bounds, of which there must be one. It is not one step: keys go in slices of some
   * thousand, in key order, each slice durable and visible as a whole. A version that is written after the call
   * stays.
   *
   * @throws `RangeError` without a bound, `TypeError` for unknown options, and KvError KV_READ_ONLY, KV_DISK_FULL,
   * KV_STORAGE_FAILED or KV_CLOSED; where keys are gone by then, its details say how many were `deleted`.
   */
  deleteRange(options: DeleteRangeOptions): Promise<DeleteRangeResult> {
    return this.#parts.writes.deleteRange(options)
  }

  /**
   * The value of a key and its version, or undefined when there is no such key. The buffer is the caller's own.
   *
   * @throws KvError KV_CORRUPT_RECORD when its bytes are damaged or cannot be read, KV_KEY_TOO_LARGE, KV_TRY_LATER
   * without a free descriptor; `TypeError` for other than text and bytes.
   */
  async get(key: Bytes): Promise<StoredValue | undefined> {
    this.#refuseWhenClosed()
    this.#parts.counters.operations.gets++
    return this.#parts.reads.getNow(key)
  }

  /**
   * As {@link get}, but what can be had at once is returned by this very call, and a promise only for what is not: what
   * has to come from the disk, or what is too much for one turn of the event loop. What {@link get} rejects with, this
   * may throw at once.
   */
  getNow(key: Bytes): StoredValue | undefined | Promise<StoredValue> {
    this.#refuseWhenClosed()
    this.#parts.counters.operations.gets++
    return this.#parts.reads.getNow(key)
  }

  /**
   * As {@link getNow}, but a value that is returned at once is lent: its bytes are good until the next call of this store,
   * and no longer than this turn of the event loop. For who copies them somewhere anyway, as a server does: memory for each
   * value makes V8 collect garbage the more often.
   */
  borrowNow(key: Bytes): StoredValue | undefined | Promise<StoredValue> {
    this.#refuseWhenClosed()
    this.#parts.counters.operations.gets++
    return this.#parts.reads.getNow(key, true)
  }

  /**
   * As {@link get} for each key, all as of one moment; the values are in the order of the keys, undefined for those that
   * are not there, and may share memory as those of a {@link RangeEntry}. Throws as {@link get}, for all keys where it
   * does for one, and KV_BATCH_TOO_LARGE, before anything is read, when the values have more than `bytesMax` bytes
   * together.
   */
  async getMany(
    keys: readonly Bytes[],
    bytesMax: number = Number.POSITIVE_INFINITY,
  ): Promise<(StoredValue | undefined)[]> {
    this.#refuseWhenClosed()
    this.#parts.counters.operations.gets += keys.length
    return this.#parts.reads.getMany(keys, bytesMax)
  }

  /** Length of the value of a key in bytes, without reading it; undefined when there is none. Throws for the key as {@link get}. */
  valueBytes(key: Bytes): number | undefined {
    return this.#parts.reads.valueBytes(key)
  }

  /**
   * One page of a range, as of one moment. What its keys and values share: {@link RangeEntry}.
   *
   * @throws KvError as {@link get}, for the whole page where a record is damaged; `TypeError` for bounds that are not text
   * or bytes, `RangeError` for a negative `limit` or `bytesMax`.
   */
  async page(options: PageOptions): Promise<RangePage> {
    this.#refuseWhenClosed()
    this.#parts.counters.operations.pages++
    return this.#parts.reads.page(options)
  }

  /**
   * The entries inside the bounds, in key order or in reverse, as of the moment when the first one is asked for. A
   * snapshot is open until the last one was taken, or the walk was left: one that is not gone on with for
   * `snapshotIdleMs`, or that too much was overwritten behind (`snapshotMemoryBytesMax`), fails with KV_CURSOR_EXPIRED. What is
   * wrong with the options is told with the first entry, too. Else it throws as {@link page}, and what it hands out is as
   * there.
   */
  range(options: RangeOptions = {}): RangeEntries {
    return new RangeEntries(options, () => {
      const snapshot = this.snapshot()
      return {
        page: (page) => {
          this.#parts.counters.operations.pages++
          return snapshot.page(page)
        },
        close: () => snapshot.close(),
      }
    })
  }

  /**
   * The number of keys inside the bounds, as of one moment. Reads no value; takes some 10 M keys a second.
   *
   * @throws `TypeError` for unknown options and bounds that are not text or bytes; KvError KV_CURSOR_EXPIRED as {@link range}.
   */
  async count(options: CountOptions = {}): Promise<number> {
    using snapshot = this.snapshot()
    this.#parts.counters.operations.pages++
    return await snapshot.count(options)
  }

  /** The store as it is now, to be read from while it changes. Whoever opens it closes it. Throws KV_CLOSED only. */
  snapshot(): Snapshot {
    this.#refuseWhenClosed()
    const { snapshots, applier, commits } = this.#parts
    const open = snapshots.open(applier.appliedIndex, commits.timestamp())
    const keys = new LiveKeys(open.keys, () => open.openedAt)
    return new Snapshot(open, this.#parts.readsOf(keys))
  }

  /**
   * Rewrites the whole log, and all merge outputs that hold dead records, in key order, now: in several steps where it
   * is more than `mergeInputBytesMax`. Reads and writes go on meanwhile; a merge that is running is waited for.
   *
   * @throws KvError KV_DISK_FULL when even its smallest step does not fit on the disk, KV_BAD_REQUEST while merges are
   * paused, KV_READ_ONLY, KV_TRY_LATER without a free descriptor, KV_CORRUPT_RECORD for a damaged input, KV_CLOSED when the store closes
   * meanwhile: in each nothing is lost. KV_STORAGE_FAILED when the disk failed.
   */
  async merge(): Promise<MergeReport> {
    const { admission, sealer, merges } = this.#parts
    admission.refuseWrites()
    await this.#parts.rollForMerge()
    sealer.retry()
    await sealer.idle()
    return merges.mergeNow()
  }

  /**
   * Halts the merge that is running at its next step, and lets none begin, until {@link resumeMerges} or until the
   * store is closed. Space is not reclaimed meanwhile. Throws KV_CLOSED only.
   */
  pauseMerges(): void {
    this.#refuseWhenClosed()
    this.#parts.merges.pause()
  }

  /** Lets merges go on. Does nothing when they are not paused. Throws KV_CLOSED only. */
  resumeMerges(): void {
    this.#refuseWhenClosed()
    this.#parts.merges.resume()
  }

  /**
   * Checks every byte of the store's files while it goes on: sealed files and their hints, and the log up to where it
   * ends now. At most 64 MiB are read in a second, unless `bytesPerSecondMax` says otherwise.
   *
   * @throws the signal's reason; KvError KV_CLOSED when the store is closed meanwhile, KV_TRY_LATER without a free
   * descriptor; `TypeError` and `RangeError` for options. What is damaged is a problem in the report.
   */
  async verify(options: PaceOptions = {}): Promise<VerifyReport> {
    this.#refuseWhenClosed()
    refuseUnknownNames(options, paceOptionNames, 'option')
    checkFollowing(options)
    const { configuration, directory, files, admission } = this.#parts
    const { fileSystem, clock } = configuration
    const store = { fileSystem, clock, directory, files }
    const { closed } = admission
    const signals = options.signal === undefined ? [closed] : [closed, options.signal]
    return verifyOpenStore(store, { ...options, signal: AbortSignal.any(signals) })
  }

  /**
   * Makes a backup in the directory `path`, which is made if it is not there: the store as of one moment, while it goes
   * on. All that was acknowledged before the call is in it. Where that directory holds an earlier backup of this store,
   * only what is new is copied, and the earlier one is replaced in one step, at the end.
   *
   * @throws KvError KV_BAD_REQUEST when the directory holds something else or cannot be used, KV_CORRUPT_BACKUP when the
   * backup there is damaged, KV_CORRUPT_STORE when the store is, KV_TRY_LATER while another one is made or without a
   * free descriptor, KV_DISK_FULL, KV_STORAGE_FAILED, KV_CLOSED when the store is closed meanwhile; the signal's reason;
   * `TypeError` for what is no path, `TypeError` and `RangeError` for options. The earlier backup is then as it was.
   */
  async backup(path: string, options: BackupOptions = {}): Promise<BackupReport> {
    this.#refuseWhenClosed()
    const target = checkedPath(path, 'the directory for the backup', 'no backup was made')
    return await this.#parts.backups.make(target, options)
  }

  /** What the store holds and has done. Makes it from counters and one step a file; throws nothing. */
  stats(): StoreStats {
    const parts = this.#parts
    const files = [...parts.files.files()]
    const outputs = files.filter(({ lowestKey }) => lowestKey !== undefined)
    const total = (of: (file: (typeof files)[number]) => number): number =>
      files.reduce((sum, file) => sum + of(file), 0)
    return {
      keys: parts.keydir.size,
      appliedIndex: parts.applier.appliedIndex,
      files: {
        logSegments: files.length - outputs.length,
        unsealedSegments: parts.sealer.waiting,
        mergeOutputs: outputs.length,
        open: parts.files.openFiles,
        bytes: total(({ bytes }) => bytes),
        liveBytes: total(({ liveBytes }) => liveBytes),
        deadBytes: total(({ deadBytes }) => deadBytes),
      },
      operations: { ...parts.counters.operations },
      disk: { freeBytes: parts.disk.freeBytes, isLow: parts.disk.isLow },
      keydir: { ...parts.keydir.memory, ...parts.cap.stats },
      cache: parts.cache.stats,
      reads: parts.reader.stats,
      snapshots: parts.snapshots.stats,
      expiry: { keys: parts.keydir.expiring, removed: parts.sweeper.removed },
      commits: parts.counters.commits(parts.commits.pendingBytes),
      merges: parts.merges.stats,
      recovery: { openMs: this.#openMs, ...parts.recovery },
      failed: parts.commits.hasFailed,
    }
  }

  /**
   * Ends what was begun, makes all of it durable, and lets the directory go. Later calls return the same
   * promise. Merges that run are stopped, snapshots end. Throws KV_STORAGE_FAILED when the disk failed; the directory is
   * let go all the same.
   */
  close(): Promise<void> {
    this.#closing ??= this.#parts.close()
    return this.#closing
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #refuseWhenClosed(): void {
    this.#parts.admission.refuseWhenClosed()
  }
}
