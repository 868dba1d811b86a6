/**
 * A hot backup: the store as of one moment, while it goes on.
 *
 * 1. The target directory is made ready: what an interrupted backup has left is removed.
 * 2. The moment is taken: MANIFEST, the files it names, and where the log ends. Merges leave these files until the end.
 * 3. Files that the backup before holds already stay; the others are copied beside them, checked on the way, under
 *    names of their own. Of the last segment of the log only what was visible at the moment is copied.
 * 4. All of it is made durable, and `BACKUP` is replaced: the one step that counts. A crash before it leaves the old
 *    backup, a crash behind it the new one.
 * 5. Files that only the old backup needed are removed.
 */
import type { Clock } from '../clock.ts'
import type { DataFile } from '../data-file.ts'
import { directoryError } from '../directory-error.ts'
import { systemErrorCode } from '../errors.ts'
import { manifestFileName } from '../file-names.ts'
import type { FileSystem, ReadableFile } from '../file-system/file-system.ts'
import { readFully, writeFully } from '../file-system/transfer.ts'
import type { LogPosition } from '../frame.ts'
import { hintHeaderBytes } from '../hint.ts'
import type { Logger } from '../logger.ts'
import { encodeManifest } from '../manifest.ts'
import { segmentFooterBytes } from '../segment.ts'
import { removeIfThere, replaceFile } from '../small-file.ts'
import {
  type BackupFile,
  type BackupManifest,
  backupFolders,
  backupFormatVersion,
  backupManifestFileName,
  encodeBackupManifest,
  storedPath,
} from './backup-manifest.ts'
import { copyToNewFile, sha256Of } from './file-copy.ts'
import { type MomentFile, type MomentSource, type StoreMoment, takeMoment } from './moment.ts'
import type { Pace } from './pace.ts'
import { SegmentCheck } from './segment-check.ts'
import { prepareTarget, removeUnnamed } from './target.ts'

const notMade = 'no backup was made, and the one before it, if there is one, is as it was'

export interface BackupContext extends MomentSource {
  readonly fileSystem: FileSystem
  /** The data directory. */
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  readonly storeId: string
}

/** How far a backup, or a restore, is. */
export interface BackupProgress {
  /** Bytes copied, or read, so far. */
  readonly bytesDone: number
  /** What there is to copy or read, in bytes; hints are not in it. */
  readonly bytesTotal: number
}

/** What a backup holds, and what it took. Sizes in bytes. */
export interface BackupReport {
  /** Files of the backup, its manifest apart. */
  readonly files: number
  /** Bytes that this backup had to copy. */
  readonly bytesCopied: number
  /** Bytes that an earlier backup in the directory had copied. */
  readonly bytesReused: number
  /** Index of the last record in it. */
  readonly lastIndex: number
}

/** Makes a backup in the directory `target`. Throws KvError; the backup that was there is then as it was. */
export async function makeBackup(
  context: BackupContext,
  target: string,
  pace: Pace,
  onProgress: (progress: BackupProgress) => void,
): Promise<BackupReport> {
  try {
    return await new BackupRun(context, target, pace, onProgress).run()
  } catch (error) {
    throw directoryError(error, target, notMade)
  }
}

class BackupRun {
  readonly #context: BackupContext
  readonly #target: string
  readonly #pace: Pace
  readonly #onProgress: (progress: BackupProgress) => void
  #before: BackupManifest | undefined
  #generation = 1
  readonly #files: BackupFile[] = []
  /** Paths of what this run has written, below the target. */
  readonly #written: string[] = []
  #bytesCopied = 0
  #bytesReused = 0
  #bytesTotal = 0
  /** Where the log ends at the moment; known once its last segment is copied. */
  #end: LogPosition | undefined
  #mayBeReplaced = false

  constructor(
    context: BackupContext,
    target: string,
    pace: Pace,
    onProgress: (progress: BackupProgress) => void,
  ) {
    this.#context = context
    this.#target = target
    this.#pace = pace
    this.#onProgress = onProgress
  }

  async run(): Promise<BackupReport> {
    const { fileSystem, storeId } = this.#context
    this.#before = await prepareTarget(fileSystem, this.#target, storeId)
    this.#generation = (this.#before?.generation ?? 0) + 1
    try {
      const manifest = await this.#copyMoment()
      await this.#replaceManifest(manifest)
      await this.#removeUnneeded(manifest)
      return {
        files: manifest.files.length,
        bytesCopied: this.#bytesCopied,
        bytesReused: this.#bytesReused,
        lastIndex: manifest.end.index - 1,
      }
    } catch (error) {
      if (!this.#mayBeReplaced) await this.#removeWritten().catch(() => undefined)
      throw error
    }
  }

  async #copyMoment(): Promise<BackupManifest> {
    const { clock, storeId } = this.#context
    const moment = await takeMoment(this.#context)
    try {
      const takenAt = Math.floor(clock.now())
      this.#bytesTotal = moment.files.reduce((sum, { file }) => sum + file.bytes, 0)
      for (const file of moment.files) {
        await this.#takeData(file, moment.endIndex)
        if (file.file.state === 'sealed') await this.#takeHint(file.file)
      }
      await this.#writeStoreManifest(moment)
      return {
        formatVersion: backupFormatVersion,
        storeId,
        generation: this.#generation,
        takenAt,
        end: this.#end!,
        files: this.#files,
      }
    } finally {
      await moment.release()
    }
  }

  /** A segment or merge output: the one that is there already, if it is the same, else a copy. */
  #takeData({ slot, file, isLast }: MomentFile, endIndex: number): Promise<void> {
    return this.#context.files.withFile(slot, async (source) => {
      if (
        file.state === 'sealed' &&
        !isLast &&
        (await this.#reuse(file.path, source, file.bytes))
      ) {
        return
      }
      const check = new SegmentCheck(file, isLast ? endIndex : undefined)
      await this.#copy(file.path, source, file.bytes, (chunk) => check.add(chunk))
      check.finish()
      if (isLast) this.#end = check.position
    })
  }

  /** A hint is only a shortcut: one that is not there yet, or cannot be read, is left out. */
  async #takeHint(file: DataFile): Promise<void> {
    const { directory } = this.#context
    let source: ReadableFile
    try {
      source = await this.#context.fileSystem.openForReading(`${directory}/${file.hintPath}`)
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return
      throw error
    }
    try {
      const bytes = await source.size()
      if (await this.#reuse(file.hintPath, source, bytes)) return
      await this.#copy(file.hintPath, source, bytes, (chunk) => chunk.length)
    } finally {
      await source.close()
    }
  }

  /** True when the backup before holds the same file, which is then taken over. */
  async #reuse(path: string, source: ReadableFile, bytes: number): Promise<boolean> {
    const kept = this.#before?.files.find((file) => file.path === path)
    if (kept === undefined || kept.bytes !== bytes) return false
    if (!(await this.#isSame(kept, source))) return false
    this.#files.push(kept)
    this.#bytesReused += bytes
    this.#tell()
    return true
  }

  /** By length and by what names the content: a data file's footer, a hint's header, each with crcs of all of it. */
  async #isSame(kept: BackupFile, source: ReadableFile): Promise<boolean> {
    const isHint = kept.path.endsWith('.hint')
    const length = isHint ? hintHeaderBytes : segmentFooterBytes
    const position = isHint ? 0 : kept.bytes - length
    const { fileSystem } = this.#context
    const path = `${this.#target}/${storedPath(kept)}`
    const file = await fileSystem.openForReading(path).catch((error: unknown) => {
      if (systemErrorCode(error) === 'ENOENT') return undefined
      throw error
    })
    if (file === undefined) return false
    try {
      if ((await file.size()) !== kept.bytes) return false
      const [ours, theirs] = [Buffer.alloc(length), Buffer.alloc(length)]
      await readFully(source, ours, position)
      await readFully(file, theirs, position)
      return ours.equals(theirs)
    } finally {
      await file.close()
    }
  }

  async #copy(
    path: string,
    source: ReadableFile,
    bytesMax: number,
    take: (chunk: Buffer) => number,
  ): Promise<void> {
    const generation = this.#generation
    const stored = storedPath({ path, generation })
    this.#written.push(stored)
    const { fileSystem } = this.#context
    const observer = {
      take: (chunk: Buffer): number => {
        const bytes = take(chunk)
        this.#bytesCopied += bytes
        this.#tell()
        return bytes
      },
    }
    const target = `${this.#target}/${stored}`
    const { bytes, sha256 } = await copyToNewFile(
      source,
      bytesMax,
      fileSystem,
      target,
      this.#pace,
      observer,
    )
    this.#files.push({ path, generation, bytes, sha256 })
  }

  /** MANIFEST as of the moment, which need not be the one that stands on the disk now. */
  async #writeStoreManifest({ manifest }: StoreMoment): Promise<void> {
    const bytes = encodeManifest(manifest)
    const file: BackupFile = {
      path: manifestFileName,
      generation: this.#generation,
      bytes: bytes.length,
      sha256: sha256Of(bytes),
    }
    this.#written.push(storedPath(file))
    const { fileSystem } = this.#context
    const target = await fileSystem.createFile(`${this.#target}/${storedPath(file)}`)
    try {
      await writeFully(target, bytes, 0)
      await target.sync()
    } finally {
      await target.close()
    }
    this.#files.push(file)
    this.#bytesCopied += bytes.length
  }

  async #replaceManifest(manifest: BackupManifest): Promise<void> {
    const { fileSystem } = this.#context
    for (const folder of backupFolders) {
      await fileSystem.syncDirectory(`${this.#target}/${folder}`)
    }
    await fileSystem.syncDirectory(this.#target)
    this.#pace.check()
    const bytes = encodeBackupManifest(manifest)
    await replaceFile(fileSystem, this.#target, backupManifestFileName, bytes, () => {
      this.#mayBeReplaced = true
    })
  }

  /** The backup is made by now: what cannot be removed only takes space until the next one. */
  async #removeUnneeded(manifest: BackupManifest): Promise<void> {
    const { fileSystem, logger } = this.#context
    await removeUnnamed(fileSystem, this.#target, manifest).catch((error: unknown) => {
      logger.warn(
        { err: error, directory: this.#target },
        'files of an older backup could not be removed; the next backup does it',
      )
    })
  }

  async #removeWritten(): Promise<void> {
    const { fileSystem } = this.#context
    for (const path of this.#written) await removeIfThere(fileSystem, `${this.#target}/${path}`)
  }

  #tell(): void {
    const bytesDone = Math.min(this.#bytesCopied + this.#bytesReused, this.#bytesTotal)
    this.#onProgress({ bytesDone, bytesTotal: this.#bytesTotal })
  }
}
