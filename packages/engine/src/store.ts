import { resolve } from 'node:path'
import { Applier } from './applier.ts'
import { jobsOn } from './background/jobs-on.ts'
import type { BackupReport } from './backup/backup.ts'
import { type BackupOptions, Backups } from './backup/backups.ts'
import type { VerifyReport } from './care/findings.ts'
import type { PaceOptions } from './care/pace.ts'
import { verifyOpenStore } from './care/verify-open-store.ts'
import { type CommitObserver, CommitQueue } from './commit-queue.ts'
import { notOpened, takeDataDirectory } from './data-directory.ts'
import { diskError } from './disk-error.ts'
import { DiskReserve } from './disk-reserve.ts'
import { KvError } from './errors.ts'
import { ExpirySweeper } from './expiry-sweeper.ts'
import { marksFileName } from './file-names.ts'
import type { DirectoryLock, FileSystem, WritableFile } from './file-system/file-system.ts'
import { ReadOnlyFileSystem, readOnly } from './file-system/read-only-file-system.ts'
import { SheddingFileSystem } from './file-system/shedding-file-system.ts'
import { FileTable } from './file-table.ts'
import type { Keydir } from './keydir/keydir.ts'
import { KeydirCap } from './keydir-cap.ts'
import { KeydirSaver } from './keydir-saver.ts'
import { LiveKeys } from './live-keys.ts'
import { LogWriter } from './log-writer.ts'
import { MarksWriter } from './marks-writer.ts'
import type { MergeReport } from './merge/merge-report.ts'
import { MergeScheduler } from './merge/scheduler.ts'
import type { NodeIdentity } from './node-file.ts'
import { configure, type StoreConfiguration, type StoreOptions } from './options.ts'
import { RangeEntries } from './range-entries.ts'
import { ReadCache } from './read-cache.ts'
import { Reads } from './reads.ts'
import { RecordReader } from './record-reader.ts'
import { type Recovered, recover, recoverForReading } from './recovery/recover.ts'
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
import { Sealer } from './sealer.ts'
import { Snapshot } from './snapshot.ts'
import { Snapshots } from './snapshots.ts'
import type { StoreStats } from './stats.ts'
import { StoreCounters } from './store-counters.ts'
import { Writes } from './writes.ts'

/**
 * A persistent, ordered key/value store in one directory, for one process.
 *
 * Keys are 0 to 65,535 bytes and compare byte by byte; values are any bytes. What is handed in is copied
 * before a call returns; what is handed out is the caller's. Wrong arguments are `TypeError` or `RangeError`,
 * expected failures `KvError` with a code. All methods of a closed store fail with KV_CLOSED, but for `close` and what
 * needs no file: `identity`, `appliedIndex`, `valueBytes` and `stats`.
 */
export class Store implements AsyncDisposable {
  readonly #configuration: StoreConfiguration
  readonly #directory: string
  readonly #identity: NodeIdentity
  readonly #lock: DirectoryLock
  readonly #files: FileTable
  readonly #keydir: Keydir
  readonly #cache: ReadCache
  readonly #reader: RecordReader
  readonly #reads: Reads
  readonly #snapshots: Snapshots
  readonly #keydirSaver: KeydirSaver
  readonly #marks: MarksWriter
  readonly #log: LogWriter
  readonly #commits: CommitQueue
  readonly #sealer: Sealer
  readonly #merges: MergeScheduler
  readonly #backups: Backups
  readonly #isFromImage: boolean
  readonly #cutBytes: number
  readonly #applier: Applier
  readonly #sweeper: ExpirySweeper
  readonly #disk: DiskReserve
  readonly #cap: KeydirCap
  readonly #writes: Writes
  readonly #counters = new StoreCounters()
  #openMs = 0
  #cancelIntervalSync: (() => void) | undefined
  #closing: Promise<void> | undefined
  readonly #closed = new AbortController()

  /**
   * Opens the store in the directory `path`, creating it when there is none; its parent must exist. With `readOnly`
   * nothing is created, and nothing changed.
   *
   * @throws KvError KV_LOCKED while another store holds the directory, KV_CORRUPT_STORE when something that
   * was durable is damaged (nothing is changed then), KV_BAD_REQUEST when the directory holds other files, or
   * no store to read, KV_DISK_FULL, KV_TRY_LATER without a free descriptor, KV_STORAGE_FAILED when the disk failed; `TypeError` and
   * `RangeError` for options; what the operating system says, as it is, for a path that it does not give.
   * Whoever opens a store closes it.
   */
  static async open(path: string, options: StoreOptions = {}): Promise<Store> {
    const directory = resolve(path)
    const configuration = configure(options)
    const { clock, logger } = configuration
    const fileSystem = fileSystemOf(configuration)
    const use = configuration.readOnly ? 'read' : 'write'
    const start = clock.monotonic()
    const lock = await takeDataDirectory(fileSystem, directory, use)
    const files = new FileTable(fileSystem, directory, configuration.openFilesMax, (file, err) =>
      logger.warn(
        { err, file: file.path },
        'a merged file could not be removed; the next open does it',
      ),
    )
    try {
      const context = { fileSystem, directory, clock, logger, files }
      const recovered = await (use === 'read' ? recoverForReading(context) : recover(context))
      const marksFile = await fileSystem.openForWriting(`${directory}/${marksFileName}`)
      const store = new Store(directory, configuration, {
        lock,
        files,
        recovered,
        marksFile,
      })
      if (use === 'write') await store.#startWriting(recovered)
      await store.#disk.look()
      if (use === 'write') store.#merges.consider()
      store.#openMs = clock.monotonic() - start
      return store
    } catch (error) {
      await files.close().catch(() => undefined)
      await lock.release().catch(() => undefined)
      throw diskError(error, notOpened)
    }
  }

  private constructor(directory: string, configuration: StoreConfiguration, parts: StoreParts) {
    const { lock, files, recovered, marksFile } = parts
    const { keydir } = recovered
    const { clock, logger, segmentBytes, pendingBytesMax } = configuration
    const fileSystem = fileSystemOf(configuration)
    this.#configuration = configuration
    this.#directory = directory
    this.#identity = recovered.identity
    this.#lock = lock
    this.#files = files
    this.#keydir = keydir
    this.#cache = new ReadCache(configuration.cacheBytesMax)
    this.#reader = new RecordReader(files, clock, this.#cache)
    const keys = new LiveKeys(keydir, () => this.#commits.timestamp())
    this.#reads = this.#readsOf(keys)
    this.#snapshots = new Snapshots(keydir, files, clock, configuration)
    this.#applier = new Applier(keydir, files, recovered.active, recovered.end.index - 1)
    this.#isFromImage = recovered.isFromImage
    this.#cutBytes = recovered.cutBytes
    this.#marks = new MarksWriter(marksFile, recovered.mark.seq, clock, (error) => {
      this.#commits.fail(error)
    })
    // What is kept open for the next reads gives way to what is written.
    const writing = new SheddingFileSystem(fileSystem, () => files.shed())
    this.#log = new LogWriter(
      writing,
      directory,
      segmentBytes,
      clock,
      this.#marks,
      recovered.active,
      recovered.end,
    )
    this.#commits = new CommitQueue(
      this.#log,
      clock,
      recovered.timestamp,
      { syncAlways: configuration.durability === 'always', pendingBytesMax },
      this.#observer(),
    )
    const jobs = jobsOn(fileSystem, clock)
    this.#disk = new DiskReserve(
      fileSystem,
      directory,
      clock,
      logger,
      configuration.diskReserveBytes,
      // Deletes may have made enough dead without filling a segment, after which merges are thought of else.
      () => this.#merges.consider(),
    )
    this.#keydirSaver = new KeydirSaver(
      fileSystem,
      directory,
      clock,
      logger,
      keydir,
      files,
      recovered.isFromImage,
    )
    this.#cap = new KeydirCap(
      keydir,
      configuration.keydirBytesMax,
      (key) => this.#commits.pendingKey(key)?.exists === true,
    )
    this.#writes = new Writes(
      configuration,
      this.#commits,
      keys,
      this.#disk,
      this.#cap,
      this.#counters,
      () => this.#refuseWrites(),
    )
    this.#sweeper = new ExpirySweeper(keydir, this.#commits, clock)
    this.#sealer = new Sealer(jobs, files, directory, clock, logger, {
      sealed: () => {
        // What cannot be closed now is closed with the next one.
        files.closeSurplus().catch(() => undefined)
      },
      hinted: () => this.#merges.consider(),
      failed: (error) => this.#commits.fail(error),
    })
    this.#merges = new MergeScheduler(
      {
        fileSystem: writing,
        directory,
        clock,
        jobs,
        files,
        keydir,
        snapshots: this.#snapshots,
        commits: this.#commits,
        appliedIndex: () => this.#applier.appliedIndex,
        manifestReplaced: () => this.#keydirSaver.outdate(),
      },
      {
        disk: this.#disk,
        logger,
        operations: () => this.#counters.total,
        activeBytes: () => this.#log.active.file.bytes,
        roll: () => this.#rollForMerge(),
      },
      recovered.manifest,
      {
        automatic: configuration.autoMerge,
        segmentBytes,
        deadRatioMin: configuration.mergeDeadRatioMin,
        inputBytesMax: configuration.mergeInputBytesMax,
        bytesPerSecondMax: configuration.mergeBytesPerSecondMax,
      },
    )
    this.#backups = new Backups({
      fileSystem: configuration.fileSystem,
      directory,
      clock,
      logger,
      storeId: recovered.identity.storeId,
      files,
      manifest: () => this.#merges.manifest,
      appliedIndex: () => this.#applier.appliedIndex,
      runningMerge: () => this.#merges.running,
    })
  }

  /** Who this store belongs to: ids that are made with the directory and never change. Throws nothing. */
  get identity(): NodeIdentity {
    return this.#identity
  }

  /** Index of the last applied record: the version of the newest write that reads see, 0 before the first. Throws nothing. */
  get appliedIndex(): number {
    return this.#applier.appliedIndex
  }

  /**
   * Sets a key, under a condition or for a time where the options say so. A key whose time is over is not there
   * for anybody from that moment on.
   *
   * @throws KvError KV_VERSION_MISMATCH, KV_KEY_TOO_LARGE, KV_VALUE_TOO_LARGE, KV_TRY_LATER, KV_DISK_FULL, KV_MEMORY_FULL (none
   * of them wrote anything), KV_STORAGE_FAILED (whether it was written is unknown); `TypeError` for other than text and bytes, unknown
   * options and both conditions at once, `RangeError` for a `ttlMs` or an `ifVersion` out of bounds.
   */
  put(key: Bytes, value: Bytes, options?: PutOptions): Promise<WriteResult> {
    return this.#writes.put(key, value, options)
  }

  /** Removes a key. An absent one logs nothing. Throws as {@link put}; KV_DISK_FULL only on a disk without any room. */
  delete(key: Bytes, options?: DeleteOptions): Promise<DeleteResult> {
    return this.#writes.delete(key, options)
  }

  /**
   * Applies all operations, in this order, or none of them. The result's version is that of the first one.
   *
   * @throws KvError KV_BATCH_TOO_LARGE beyond `batchOperationsMax` or `batchBytesMax`, and as {@link put}; `RangeError` for
   * an empty batch.
   */
  batch(operations: readonly BatchOperation[], options?: WriteOptions): Promise<WriteResult> {
    return this.#writes.batch(operations, options)
  }

  /**
   * Removes every key inside the bounds, of which there must be one. It is not one step: keys go in slices of some
   * thousand, in key order, each slice durable and visible as a whole. A version that is written after the call
   * stays.
   *
   * @throws `RangeError` without a bound, `TypeError` for unknown options, and KvError KV_DISK_FULL, KV_STORAGE_FAILED or
   * KV_CLOSED; where keys are gone by then, its details say how many were `deleted`.
   */
  deleteRange(options: DeleteRangeOptions): Promise<DeleteRangeResult> {
    return this.#writes.deleteRange(options)
  }

  /**
   * The value of a key and its version, or undefined when there is no such key. The buffer is the caller's own.
   *
   * @throws KvError KV_CORRUPT_RECORD when its bytes are damaged or cannot be read, KV_KEY_TOO_LARGE, KV_TRY_LATER
   * without a free descriptor; `TypeError` for other than text and bytes.
   */
  async get(key: Bytes): Promise<StoredValue | undefined> {
    this.#refuseWhenClosed()
    this.#counters.operations.gets++
    return this.#reads.getNow(key)
  }

  /**
   * As {@link get}, but what can be had at once is returned by this very call, and a promise only for what is not: what
   * has to come from the disk, or what is too much for one turn of the event loop. What {@link get} rejects with, this
   * may throw at once.
   */
  getNow(key: Bytes): StoredValue | undefined | Promise<StoredValue> {
    this.#refuseWhenClosed()
    this.#counters.operations.gets++
    return this.#reads.getNow(key)
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
    this.#counters.operations.gets += keys.length
    return this.#reads.getMany(keys, bytesMax)
  }

  /** Length of the value of a key in bytes, without reading it; undefined when there is none. Throws nothing. */
  valueBytes(key: Uint8Array): number | undefined {
    return this.#reads.valueBytes(key)
  }

  /**
   * One page of a range, as of one moment. What its keys and values share: {@link RangeEntry}.
   *
   * @throws KvError as {@link get}, for the whole page where a record is damaged; `TypeError` for bounds that are not text
   * or bytes, `RangeError` for a negative `limit` or `bytesMax`.
   */
  async page(options: PageOptions): Promise<RangePage> {
    this.#refuseWhenClosed()
    this.#counters.operations.pages++
    return this.#reads.page(options)
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
          this.#counters.operations.pages++
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
    this.#counters.operations.pages++
    return await snapshot.count(options)
  }

  /** The store as it is now, to be read from while it changes. Whoever opens it closes it. Throws KV_CLOSED only. */
  snapshot(): Snapshot {
    this.#refuseWhenClosed()
    const open = this.#snapshots.open(this.#applier.appliedIndex, this.#commits.timestamp())
    const keys = new LiveKeys(open.keys, () => open.openedAt)
    return new Snapshot(open, this.#readsOf(keys))
  }

  /**
   * Rewrites the whole log, and all merge outputs that hold dead records, in key order, now: in several steps where it
   * is more than `mergeInputBytesMax`. Reads and writes go on meanwhile; a merge that is running is waited for.
   *
   * @throws KvError KV_DISK_FULL when even its smallest step does not fit on the disk, KV_BAD_REQUEST while merges are
   * paused, KV_TRY_LATER without a free descriptor, KV_CORRUPT_RECORD for a damaged input, KV_CLOSED when the store closes
   * meanwhile: in each nothing is lost. KV_STORAGE_FAILED when the disk failed.
   */
  async merge(): Promise<MergeReport> {
    this.#refuseWrites()
    await this.#rollForMerge()
    this.#sealer.retry()
    await this.#sealer.idle()
    return this.#merges.mergeNow()
  }

  /**
   * Halts the merge that is running at its next step, and lets none begin, until {@link resumeMerges} or until the
   * store is closed. Space is not reclaimed meanwhile.
   */
  pauseMerges(): void {
    this.#refuseWhenClosed()
    this.#merges.pause()
  }

  /** Lets merges go on. */
  resumeMerges(): void {
    this.#refuseWhenClosed()
    this.#merges.resume()
  }

  /**
   * Checks every byte of the store's files while it goes on: sealed files and their hints, and the log up to where it
   * ends now. At most 64 MiB are read in a second, unless `bytesPerSecondMax` says otherwise.
   *
   * @throws the signal's reason; KvError KV_CLOSED when the store is closed meanwhile, KV_TRY_LATER without a free
   * descriptor. What is damaged is a problem in the report.
   */
  async verify(options: PaceOptions = {}): Promise<VerifyReport> {
    this.#refuseWhenClosed()
    const { fileSystem, clock } = this.#configuration
    const store = { fileSystem, clock, directory: this.#directory, files: this.#files }
    const { signal } = this.#closed
    const signals = options.signal === undefined ? [signal] : [signal, options.signal]
    return verifyOpenStore(store, { ...options, signal: AbortSignal.any(signals) })
  }

  /**
   * Makes a backup in the directory `path`, which is made if it is not there: the store as of one moment, while it goes
   * on. All that was acknowledged before the call is in it. Where that directory holds an earlier backup of this store,
   * only what is new is copied, and the earlier one is replaced in one step, at the end.
   *
   * @throws KvError KV_BAD_REQUEST when the directory holds something else or cannot be used, KV_CORRUPT_BACKUP when the
   * backup there is damaged, KV_CORRUPT_STORE when the store is, KV_TRY_LATER while another one is made or without a
   * free descriptor, KV_DISK_FULL, KV_STORAGE_FAILED, KV_CLOSED when the store is closed meanwhile. The earlier backup
   * is then as it was.
   */
  async backup(path: string, options: BackupOptions = {}): Promise<BackupReport> {
    this.#refuseWhenClosed()
    return await this.#backups.make(resolve(path), options)
  }

  /** What the store holds and has done. Makes it from counters and one step a file; throws nothing. */
  stats(): StoreStats {
    const files = [...this.#files.files()]
    const outputs = files.filter(({ lowestKey }) => lowestKey !== undefined)
    const total = (of: (file: (typeof files)[number]) => number): number =>
      files.reduce((sum, file) => sum + of(file), 0)
    return {
      keys: this.#keydir.size,
      appliedIndex: this.#applier.appliedIndex,
      files: {
        logSegments: files.length - outputs.length,
        unsealedSegments: this.#sealer.waiting,
        mergeOutputs: outputs.length,
        open: this.#files.openFiles,
        bytes: total(({ bytes }) => bytes),
        liveBytes: total(({ liveBytes }) => liveBytes),
        deadBytes: total(({ deadBytes }) => deadBytes),
      },
      operations: { ...this.#counters.operations },
      disk: { freeBytes: this.#disk.freeBytes, isLow: this.#disk.isLow },
      keydir: { ...this.#keydir.memory, ...this.#cap.stats },
      cache: this.#cache.stats,
      reads: this.#reader.stats,
      snapshots: this.#snapshots.stats,
      expiry: { keys: this.#keydir.expiring, removed: this.#sweeper.removed },
      commits: this.#counters.commits(this.#commits.pendingBytes),
      merges: this.#merges.stats,
      recovery: { openMs: this.#openMs, fromImage: this.#isFromImage, cutBytes: this.#cutBytes },
      failed: this.#commits.hasFailed,
    }
  }

  /**
   * Ends what was begun, makes all of it durable, and lets the directory go. Later calls return the same
   * promise. Merges that run are stopped, snapshots end. Throws KV_STORAGE_FAILED when the disk failed; the directory is
   * let go all the same.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  /** {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#cancelIntervalSync?.()
    this.#closed.abort(closedError())
    this.#snapshots.close()
    await this.#backups.close()
    await this.#sweeper.stop()
    await this.#disk.stop()
    await this.#commits.idle()
    await this.#merges.close()
    await this.#sealer.close()
    try {
      if (!this.#configuration.readOnly) await this.#finishWriting()
    } catch (error) {
      throw this.#commits.fail(error)
    } finally {
      await this.#marks.close().catch(() => undefined)
      await this.#files.close().catch(() => undefined)
      await this.#lock.release()
    }
  }

  async #startWriting({ unhinted, unsealed }: Recovered): Promise<void> {
    try {
      await this.#log.finish()
    } catch (error) {
      await this.#marks.close().catch(() => undefined)
      throw error
    }
    for (const file of unhinted) this.#sealer.addUnhinted(file)
    for (const segment of unsealed) this.#sealer.add(segment)
    this.#sweeper.start()
  }

  async #finishWriting(): Promise<void> {
    await this.#log.finish()
    if (this.#commits.hasFailed || !this.#merges.isAdopted) return
    await this.#keydirSaver.save(this.#log.position, this.#disk)
  }

  #readsOf(keys: LiveKeys): Reads {
    const { clock, keyBytesMax } = this.#configuration
    return new Reads(keys, this.#reader, clock, keyBytesMax)
  }

  /** Without room for another segment, the active one is left out: a merge is what makes room. */
  async #rollForMerge(): Promise<void> {
    try {
      await this.#commits.roll()
    } catch (error) {
      const isHarmless =
        error instanceof KvError && (error.code === 'KV_DISK_FULL' || error.code === 'KV_TRY_LATER')
      if (!isHarmless) throw error
    }
  }

  #observer(): CommitObserver {
    return {
      apply: (run, frame, offset) => {
        this.#applier.apply(run, frame, offset)
        this.#snapshots.bound()
      },
      rolled: (closed) => {
        this.#applier.rolledTo(this.#log.active)
        this.#sealer.add(closed)
      },
      written: (records, bytes, syncMs) => {
        this.#keydirSaver.outdate()
        this.#counters.written(records, bytes, syncMs)
        this.#disk.written(bytes)
        this.#merges.written(bytes, syncMs)
        if (syncMs === undefined) this.#syncWithinInterval()
      },
      failed: (error) => {
        this.#configuration.logger.error({ err: error }, 'a disk error has ended all writing')
        this.#configuration.onFailure(error)
      },
    }
  }

  /** In `interval` mode: what was just written is on the disk within the interval. */
  #syncWithinInterval(): void {
    const { durability, syncIntervalMs, clock } = this.#configuration
    if (durability !== 'interval' || this.#cancelIntervalSync !== undefined) return
    this.#cancelIntervalSync = clock.after(syncIntervalMs, () => {
      this.#cancelIntervalSync = undefined
      const start = clock.monotonic()
      this.#commits.sync().then(
        () => this.#noteSync(clock.monotonic() - start),
        // The observer has heard of it; the next write is refused with it.
        () => undefined,
      )
    })
  }

  #noteSync(ms: number): void {
    this.#counters.syncs.record(ms)
    this.#merges.synced(ms)
  }

  #refuseWhenClosed(): void {
    if (this.#closing === undefined) return
    throw closedError()
  }

  #refuseWrites(): void {
    this.#refuseWhenClosed()
    if (this.#configuration.readOnly) throw readOnly()
  }
}

/** What a store reaches of the disk: whatever it does, one that is open for reading changes nothing. */
function fileSystemOf({ fileSystem, readOnly }: StoreConfiguration): FileSystem {
  return readOnly ? new ReadOnlyFileSystem(fileSystem) : fileSystem
}

function closedError(): KvError {
  return new KvError('KV_CLOSED', 'the store is closed; nothing was done; open it again')
}

interface StoreParts {
  readonly lock: DirectoryLock
  readonly files: FileTable
  readonly recovered: Recovered
  readonly marksFile: WritableFile
}
