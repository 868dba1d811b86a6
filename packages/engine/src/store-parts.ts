/**
 * The parts of an open store: which there are, who tells whom of what, and in which order they begin and end.
 *
 * A part is made of those that were made before it. What has to reach a part that is made later goes by a function,
 * which is first called when all are there.
 */
import { Admission } from './admission.ts'
import { Applier } from './applier.ts'
import type { Jobs } from './background/jobs.ts'
import { jobsOn } from './background/jobs-on.ts'
import { Backups } from './backup/backups.ts'
import { type CommitObserver, CommitQueue } from './commit-queue.ts'
import { notOpened, takeDataDirectory } from './data-directory.ts'
import { diskError } from './disk-error.ts'
import { DiskReserve } from './disk-reserve.ts'
import { KvError } from './errors.ts'
import { ExpirySweeper } from './expiry-sweeper.ts'
import { marksFileName } from './file-names.ts'
import type { DirectoryLock, FileSystem, WritableFile } from './file-system/file-system.ts'
import { ReadOnlyFileSystem } from './file-system/read-only-file-system.ts'
import { SheddingFileSystem } from './file-system/shedding-file-system.ts'
import { FileTable } from './file-table.ts'
import { IntervalSync } from './interval-sync.ts'
import type { Keydir } from './keydir/keydir.ts'
import { KeydirCap } from './keydir-cap.ts'
import { KeydirSaver } from './keydir-saver.ts'
import { LiveKeys } from './live-keys.ts'
import { LogWriter } from './log-writer.ts'
import type { Manifest } from './manifest.ts'
import { MarksWriter } from './marks-writer.ts'
import { MergeScheduler } from './merge/scheduler.ts'
import type { NodeIdentity } from './node-file.ts'
import type { StoreConfiguration } from './options.ts'
import { ReadCache } from './read-cache.ts'
import { Reads } from './reads.ts'
import { RecordReader } from './record-reader.ts'
import { type Recovered, recover, recoverForReading } from './recovery/recover.ts'
import { Sealer, type SealObserver } from './sealer.ts'
import { Snapshots } from './snapshots.ts'
import type { StoreStats } from './stats.ts'
import { StoreCounters } from './store-counters.ts'
import { Writes } from './writes.ts'

/** A data directory that was taken, and what recovery found in it. */
interface RecoveredDirectory {
  /** What the store reaches of the disk. */
  readonly fileSystem: FileSystem
  readonly directory: string
  readonly lock: DirectoryLock
  readonly files: FileTable
  readonly marksFile: WritableFile
  readonly recovered: Recovered
}

export class StoreParts {
  readonly configuration: StoreConfiguration
  readonly directory: string
  readonly identity: NodeIdentity
  /** What recovery had to do. */
  readonly recovery: Omit<StoreStats['recovery'], 'openMs'>
  readonly admission: Admission
  readonly counters: StoreCounters = new StoreCounters()
  readonly files: FileTable
  readonly keydir: Keydir
  readonly cache: ReadCache
  readonly reader: RecordReader
  readonly snapshots: Snapshots
  readonly applier: Applier
  readonly commits: CommitQueue
  readonly reads: Reads
  readonly cap: KeydirCap
  readonly sweeper: ExpirySweeper
  readonly disk: DiskReserve
  readonly writes: Writes
  readonly sealer: Sealer
  readonly merges: MergeScheduler
  readonly backups: Backups
  readonly #lock: DirectoryLock
  readonly #marks: MarksWriter
  readonly #log: LogWriter
  readonly #intervalSync: IntervalSync | undefined
  readonly #keydirSaver: KeydirSaver

  /** Throws as `Store.open` does; nothing is held then. */
  static async open(directory: string, configuration: StoreConfiguration): Promise<StoreParts> {
    const { clock, logger } = configuration
    const fileSystem = fileSystemOf(configuration)
    const use = configuration.readOnly ? 'read' : 'write'
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
      const opened = { fileSystem, directory, lock, files, marksFile, recovered }
      const parts = new StoreParts(configuration, opened)
      if (use === 'write') await parts.#startWriting(recovered)
      await parts.disk.look()
      if (use === 'write') parts.merges.consider()
      return parts
    } catch (error) {
      await files.close().catch(() => undefined)
      await lock.release().catch(() => undefined)
      throw diskError(error, notOpened)
    }
  }

  private constructor(configuration: StoreConfiguration, opened: RecoveredDirectory) {
    const { fileSystem, directory, lock, files, marksFile, recovered } = opened
    const { clock, logger, segmentBytes, pendingBytesMax } = configuration
    const { keydir, active, end } = recovered
    // What is kept open for the next reads gives way to what is written.
    const writing = new SheddingFileSystem(fileSystem, () => files.shed())
    const jobs = jobsOn(fileSystem, clock)
    this.configuration = configuration
    this.directory = directory
    this.identity = recovered.identity
    this.recovery = { fromImage: recovered.isFromImage, cutBytes: recovered.cutBytes }
    this.admission = new Admission(configuration.readOnly)
    this.#lock = lock
    this.files = files
    this.keydir = keydir
    this.cache = new ReadCache(configuration.cacheBytesMax)
    this.reader = new RecordReader(files, clock, this.cache)
    this.snapshots = new Snapshots(keydir, files, clock, configuration)
    this.applier = new Applier(keydir, files, active, end.index - 1)
    this.#keydirSaver = new KeydirSaver(
      fileSystem,
      directory,
      clock,
      logger,
      keydir,
      files,
      recovered.isFromImage,
    )
    this.#marks = new MarksWriter(marksFile, recovered.mark.seq, clock, (error) => {
      this.commits.fail(error)
    })
    const syncAlways = configuration.durability === 'always'
    const logOptions = { segmentBytes, syncAlways }
    this.#log = new LogWriter(writing, directory, logOptions, clock, this.#marks, active, end)
    this.commits = new CommitQueue(
      this.#log,
      clock,
      recovered.timestamp,
      { syncAlways, pendingBytesMax },
      this.#commitObserver(),
    )
    this.#intervalSync = this.#makeIntervalSync()
    const keys = new LiveKeys(keydir, () => this.commits.timestamp())
    this.reads = this.readsOf(keys)
    this.cap = new KeydirCap(
      keydir,
      configuration.keydirBytesMax,
      (key) => this.commits.pendingKey(key)?.exists === true,
    )
    this.sweeper = new ExpirySweeper(keydir, this.commits, clock)
    this.disk = new DiskReserve(
      fileSystem,
      directory,
      clock,
      logger,
      configuration.diskReserveBytes,
      // Deletes may have made enough dead without filling a segment, after which merges are thought of else.
      () => this.merges.consider(),
    )
    this.writes = new Writes(
      configuration,
      this.commits,
      keys,
      this.disk,
      this.cap,
      this.counters,
      () => this.admission.refuseWrites(),
    )
    this.sealer = new Sealer(jobs, files, directory, clock, logger, this.#sealObserver())
    this.merges = this.#makeMerges(writing, jobs, recovered.manifest)
    this.backups = this.#makeBackups()
  }

  /** Reads of `keys`: those of the store as it is now, or of a snapshot. */
  readsOf(keys: LiveKeys): Reads {
    const { clock, keyBytesMax } = this.configuration
    return new Reads(keys, this.reader, clock, keyBytesMax)
  }

  /**
   * Closes the active segment, so that it can be merged. Without room for another one it is left out: a merge is what
   * makes room.
   */
  async rollForMerge(): Promise<void> {
    try {
      await this.commits.roll()
    } catch (error) {
      const isHarmless =
        error instanceof KvError && (error.code === 'KV_DISK_FULL' || error.code === 'KV_TRY_LATER')
      if (!isHarmless) throw error
    }
  }

  /** To be called once. Those that start what others do end before these, and the log and its files last. */
  async close(): Promise<void> {
    this.#intervalSync?.stop()
    this.admission.close()
    this.snapshots.close()
    await this.backups.close()
    await this.sweeper.stop()
    await this.disk.stop()
    await this.commits.idle()
    await this.merges.close()
    await this.sealer.close()
    try {
      if (!this.configuration.readOnly) await this.#finishWriting()
    } catch (error) {
      throw this.commits.fail(error)
    } finally {
      await this.#marks.close().catch(() => undefined)
      await this.files.close().catch(() => undefined)
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
    for (const file of unhinted) this.sealer.addUnhinted(file)
    for (const segment of unsealed) this.sealer.add(segment)
    this.sweeper.start()
  }

  async #finishWriting(): Promise<void> {
    await this.#log.finish()
    if (this.commits.hasFailed || !this.merges.isAdopted) return
    await this.#keydirSaver.save(this.#log.position, this.disk)
  }

  #commitObserver(): CommitObserver {
    return {
      apply: (run, frame, offset) => {
        this.applier.apply(run, frame, offset)
        this.snapshots.bound()
      },
      rolled: (closed) => {
        this.applier.rolledTo(this.#log.active)
        this.sealer.add(closed)
      },
      // A close makes durable what is gathered, and waits for nothing else.
      holdBack: () => (this.admission.closed.aborted ? 0 : this.merges.holdBack()),
      written: (records, bytes, syncMs) => {
        this.#keydirSaver.outdate()
        this.counters.written(records, bytes, syncMs)
        this.disk.written(bytes)
        this.merges.written(bytes, syncMs)
        if (syncMs === undefined) this.#intervalSync?.written(bytes)
      },
      failed: (error) => {
        this.configuration.logger.error({ err: error }, 'a disk error has ended all writing')
        this.configuration.onFailure(error)
      },
    }
  }

  #sealObserver(): SealObserver {
    return {
      sealed: () => {
        // What cannot be closed now is closed with the next one.
        this.files.closeSurplus().catch(() => undefined)
      },
      hinted: () => this.merges.consider(),
      failed: (error) => this.commits.fail(error),
    }
  }

  #makeIntervalSync(): IntervalSync | undefined {
    const { durability, syncIntervalMs, clock } = this.configuration
    if (durability !== 'interval') return undefined
    return new IntervalSync(this.commits, clock, syncIntervalMs, (ms) => {
      this.counters.syncs.record(ms)
      this.merges.synced(ms)
    })
  }

  #makeMerges(fileSystem: FileSystem, jobs: Jobs, manifest: Manifest): MergeScheduler {
    const { configuration, directory, files, keydir, snapshots, commits, disk } = this
    const { clock, logger } = configuration
    return new MergeScheduler(
      {
        fileSystem,
        directory,
        clock,
        jobs,
        files,
        keydir,
        snapshots,
        commits,
        appliedIndex: () => this.applier.appliedIndex,
        manifestReplaced: () => this.#keydirSaver.outdate(),
      },
      {
        disk,
        logger,
        operations: () => this.counters.total,
        activeBytes: () => this.#log.active.file.bytes,
        roll: () => this.rollForMerge(),
      },
      manifest,
      {
        automatic: configuration.autoMerge,
        segmentBytes: configuration.segmentBytes,
        deadRatioMin: configuration.mergeDeadRatioMin,
        inputBytesMax: configuration.mergeInputBytesMax,
        bytesPerSecondMax: configuration.mergeBytesPerSecondMax,
      },
    )
  }

  #makeBackups(): Backups {
    const { configuration, directory, identity, files } = this
    const { fileSystem, clock, logger } = configuration
    return new Backups({
      fileSystem,
      directory,
      clock,
      logger,
      storeId: identity.storeId,
      files,
      manifest: () => this.merges.manifest,
      appliedIndex: () => this.applier.appliedIndex,
      runningMerge: () => this.merges.running,
    })
  }
}

/** What a store reaches of the disk: whatever it does, one that is open for reading changes nothing. */
function fileSystemOf({ fileSystem, readOnly }: StoreConfiguration): FileSystem {
  return readOnly ? new ReadOnlyFileSystem(fileSystem) : fileSystem
}
