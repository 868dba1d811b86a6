import { KvError } from '../errors.ts'
import type {
  DirectoryLock,
  FileSystem,
  FreeSpace,
  ReadableFile,
  WritableFile,
} from './file-system.ts'

/**
 * A disk on which nothing can be changed, whatever it is under. What is opened for writing is opened for reading;
 * every change fails with KV_READ_ONLY, and a directory is taken for reading alone.
 */
export class ReadOnlyFileSystem implements FileSystem {
  readonly #fileSystem: FileSystem

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem
  }

  openForReading(path: string): Promise<ReadableFile> {
    return this.#fileSystem.openForReading(path)
  }

  async openForWriting(path: string): Promise<WritableFile> {
    return new ReadOnlyFile(await this.#fileSystem.openForReading(path))
  }

  async createFile(): Promise<WritableFile> {
    throw readOnly()
  }

  async rename(): Promise<void> {
    throw readOnly()
  }

  async unlink(): Promise<void> {
    throw readOnly()
  }

  async makeDirectory(): Promise<void> {
    throw readOnly()
  }

  readDirectory(path: string): Promise<string[]> {
    return this.#fileSystem.readDirectory(path)
  }

  async syncDirectory(): Promise<void> {
    throw readOnly()
  }

  freeSpace(path: string): Promise<FreeSpace> {
    return this.#fileSystem.freeSpace(path)
  }

  lockDirectory(path: string): Promise<DirectoryLock> {
    return this.#fileSystem.lockDirectory(path, 'read')
  }
}

class ReadOnlyFile implements WritableFile {
  readonly #file: ReadableFile

  constructor(file: ReadableFile) {
    this.#file = file
  }

  size(): Promise<number> {
    return this.#file.size()
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.#file.read(target, position)
  }

  readSync(target: Uint8Array, position: number): number {
    return this.#file.readSync(target, position)
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async write(): Promise<number> {
    throw readOnly()
  }

  writeSync(): number {
    throw readOnly()
  }

  async truncate(): Promise<void> {
    throw readOnly()
  }

  async sync(): Promise<void> {
    throw readOnly()
  }
}

/** What a store that was opened with `readOnly` says to a write. */
export function readOnly(): KvError {
  return new KvError(
    'KV_READ_ONLY',
    'the store is open for reading only; nothing was written; open the store without readOnly',
  )
}
