/** What restoring and verifying a backup have in common. */
import { type Clock, systemClock } from '../clock.ts'
import { KvError, systemErrorCode } from '../errors.ts'
import type { FileSystem, ReadableFile } from '../file-system/file-system.ts'
import { nodeFileSystem } from '../file-system/node-file-system.ts'
import { refuseUnknownNames } from '../option-names.ts'
import { checkFollowing, checkMethods } from '../option-values.ts'
import type { BackupProgress } from './backup.ts'
import { corruptBackup } from './backup-error.ts'
import {
  type BackupFile,
  type BackupManifest,
  backupManifestFileName,
  storedPath,
} from './backup-manifest.ts'
import type { CopyObserver, Summed } from './file-copy.ts'
import { Pace } from './pace.ts'
import { readBackupManifest, refuseLinkedFolders, unnamedPaths } from './target.ts'

/** How a backup is read, to restore or to verify it. */
export interface BackupReadOptions {
  /** Called while it goes on. What it throws ends it. */
  readonly onProgress?: ((progress: BackupProgress) => void) | undefined
  /** Ends it: it rejects with the reason of the signal. */
  readonly signal?: AbortSignal | undefined
  /** The door to the disk. Default: the real one. */
  readonly fileSystem?: FileSystem | undefined
  /** The door to time. Default: the real one. */
  readonly clock?: Clock | undefined
}

const optionNames: readonly string[] = ['onProgress', 'signal', 'fileSystem', 'clock']

/** A backup that is whole. */
export interface VerifiedBackup {
  /** The store it was made of. */
  readonly storeId: string
  /** Number of the backup among those made in its directory, from 1. */
  readonly generation: number
  /** ms since the epoch. */
  readonly takenAt: number
  /** Files of it, its manifest apart. */
  readonly files: number
  /** Their lengths together. */
  readonly bytes: number
  /** Index of the last record in it. */
  readonly lastIndex: number
}

/** A backup that is open to be read. */
export class BackupReader {
  readonly fileSystem: FileSystem
  readonly pace: Pace
  readonly directory: string
  readonly manifest: BackupManifest
  readonly #onProgress: (progress: BackupProgress) => void
  readonly #bytesTotal: number
  #bytesDone = 0

  private constructor(
    fileSystem: FileSystem,
    directory: string,
    manifest: BackupManifest,
    { onProgress = () => undefined, signal, clock = systemClock }: BackupReadOptions,
  ) {
    this.fileSystem = fileSystem
    this.directory = directory
    this.manifest = manifest
    this.pace = new Pace(clock, Number.POSITIVE_INFINITY, signal)
    this.#onProgress = onProgress
    this.#bytesTotal = bytesOf(manifest)
  }

  /** Throws KV_CORRUPT_BACKUP when the manifest is damaged, KV_BAD_REQUEST when there is no backup. */
  static async open(directory: string, options: BackupReadOptions): Promise<BackupReader> {
    refuseUnknownNames(options, optionNames, 'option')
    checkFollowing(options)
    checkMethods(options.fileSystem, 'fileSystem')
    checkMethods(options.clock, 'clock')
    const { fileSystem = nodeFileSystem } = options
    await refuseLinkedFolders(fileSystem, directory)
    const manifest = await readBackupManifest(fileSystem, directory)
    if (manifest !== undefined) return new BackupReader(fileSystem, directory, manifest, options)
    const leftovers = await unnamedPaths(fileSystem, directory, undefined)
    if (leftovers.length > 0) throw corruptBackup(backupManifestFileName, 'missing')
    throw new KvError(
      'KV_BAD_REQUEST',
      `${directory} holds no backup; nothing was changed; name the directory of one`,
    )
  }

  /** What follows the bytes of its files while they are read. */
  get observer(): CopyObserver {
    return {
      take: (chunk) => {
        this.#bytesDone += chunk.length
        this.#onProgress({ bytesDone: this.#bytesDone, bytesTotal: this.#bytesTotal })
        return chunk.length
      },
    }
  }

  get summary(): VerifiedBackup {
    const { storeId, generation, takenAt, files, end } = this.manifest
    const bytes = bytesOf(this.manifest)
    return { storeId, generation, takenAt, files: files.length, bytes, lastIndex: end.index - 1 }
  }

  /** Opens a file and reads it with `use`. Returns what is wrong with it, as far as `use` has read it. */
  async damageOf(
    file: BackupFile,
    use: (source: ReadableFile) => Promise<Summed | undefined>,
  ): Promise<string | undefined> {
    let source: ReadableFile
    try {
      source = await this.fileSystem.openForReading(`${this.directory}/${storedPath(file)}`)
    } catch (error) {
      const damage = openDamages[systemErrorCode(error) ?? '']
      if (damage === undefined) throw error
      return damage
    }
    try {
      const bytes = await source.size()
      if (bytes !== file.bytes) return `${bytes} bytes long instead of ${file.bytes}`
      const summed = await use(source)
      const isSame =
        summed === undefined || (summed.bytes === file.bytes && summed.sha256 === file.sha256)
      return isSame ? undefined : 'other bytes than were backed up (their SHA-256 is another one)'
    } finally {
      await source.close()
    }
  }
}

/** What a file that cannot be opened says of the backup, and not of the disk. */
const openDamages: Readonly<Record<string, string>> = {
  ENOENT: 'missing',
  EISDIR: 'a folder',
  ENOTDIR: 'missing',
  ELOOP: 'a symbolic link',
}

function bytesOf({ files }: BackupManifest): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0)
}
