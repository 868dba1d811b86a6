import { isOutOfDescriptors } from '../errors.ts'
import type {
  DirectoryLock,
  DirectoryUse,
  FileSystem,
  FreeSpace,
  ReadableFile,
  WritableFile,
} from './file-system.ts'

/**
 * A file system for what must go on when the process has no descriptor left: `shed` closes some that are only kept
 * for later, and says how many, and what failed for want of one is tried once more. An open that failed so has done
 * nothing, and a directory that could not be opened was not synced.
 */
export class SheddingFileSystem implements FileSystem {
  readonly #fileSystem: FileSystem
  readonly #shed: () => Promise<number>

  constructor(fileSystem: FileSystem, shed: () => Promise<number>) {
    this.#fileSystem = fileSystem
    this.#shed = shed
  }

  openForReading(path: string, isVital?: boolean): Promise<ReadableFile> {
    return this.#shedding(() => this.#fileSystem.openForReading(path, isVital))
  }

  openForWriting(path: string): Promise<WritableFile> {
    return this.#shedding(() => this.#fileSystem.openForWriting(path))
  }

  createFile(path: string): Promise<WritableFile> {
    return this.#shedding(() => this.#fileSystem.createFile(path))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#fileSystem.rename(from, to)
  }

  unlink(path: string): Promise<void> {
    return this.#fileSystem.unlink(path)
  }

  makeDirectory(path: string): Promise<void> {
    return this.#fileSystem.makeDirectory(path)
  }

  readDirectory(path: string): Promise<string[]> {
    return this.#shedding(() => this.#fileSystem.readDirectory(path))
  }

  syncDirectory(path: string): Promise<void> {
    return this.#shedding(() => this.#fileSystem.syncDirectory(path))
  }

  freeSpace(path: string): Promise<FreeSpace> {
    return this.#fileSystem.freeSpace(path)
  }

  lockDirectory(path: string, use?: DirectoryUse): Promise<DirectoryLock> {
    return this.#fileSystem.lockDirectory(path, use)
  }

  async #shedding<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step()
    } catch (error) {
      if (!isOutOfDescriptors(error) || (await this.#shed()) === 0) throw error
      return step()
    }
  }
}
