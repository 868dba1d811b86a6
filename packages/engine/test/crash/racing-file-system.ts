import type {
  DirectoryLock,
  FileSystem,
  FreeSpace,
  ReadableFile,
  WritableFile,
} from '../../src/file-system/file-system.ts'
import type { RaceScheduler } from './race-scheduler.ts'

/** Runs a call after the caller's turn, and hands its result out in another turn. */
type Raced = <T>(call: () => Promise<T>) => Promise<T>

/**
 * A disk on which every call takes effect at any moment between its beginning and its end, and calls end in any
 * order, as they do in a thread pool.
 */
export class RacingFileSystem implements FileSystem {
  readonly #disk: FileSystem
  readonly #raced: Raced

  constructor(disk: FileSystem, scheduler: RaceScheduler) {
    this.#disk = disk
    this.#raced = async (call) => {
      await scheduler.turn()
      try {
        return await call()
      } finally {
        await scheduler.turn()
      }
    }
  }

  async openForReading(path: string): Promise<ReadableFile> {
    return new RacingFile(await this.#raced(() => this.#disk.openForReading(path)), this.#raced)
  }

  openForWriting(path: string): Promise<WritableFile> {
    return this.#opened(() => this.#disk.openForWriting(path))
  }

  createFile(path: string): Promise<WritableFile> {
    return this.#opened(() => this.#disk.createFile(path))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#raced(() => this.#disk.rename(from, to))
  }

  unlink(path: string): Promise<void> {
    return this.#raced(() => this.#disk.unlink(path))
  }

  makeDirectory(path: string): Promise<void> {
    return this.#raced(() => this.#disk.makeDirectory(path))
  }

  readDirectory(path: string): Promise<string[]> {
    return this.#raced(() => this.#disk.readDirectory(path))
  }

  syncDirectory(path: string): Promise<void> {
    return this.#raced(() => this.#disk.syncDirectory(path))
  }

  freeSpace(path: string): Promise<FreeSpace> {
    return this.#raced(() => this.#disk.freeSpace(path))
  }

  lockDirectory(path: string): Promise<DirectoryLock> {
    return this.#disk.lockDirectory(path)
  }

  async #opened(open: () => Promise<WritableFile>): Promise<WritableFile> {
    return new RacingWritableFile(await this.#raced(open), this.#raced)
  }
}

class RacingFile<F extends ReadableFile = ReadableFile> implements ReadableFile {
  protected readonly file: F
  protected readonly raced: Raced

  constructor(file: F, raced: Raced) {
    this.file = file
    this.raced = raced
  }

  size(): Promise<number> {
    return this.raced(() => this.file.size())
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return this.raced(() => this.file.read(target, position))
  }

  readSync(target: Uint8Array, position: number): number {
    return this.file.readSync(target, position)
  }

  close(): Promise<void> {
    return this.raced(() => this.file.close())
  }
}

class RacingWritableFile extends RacingFile<WritableFile> implements WritableFile {
  write(bytes: Uint8Array, position: number): Promise<number> {
    return this.raced(() => this.file.write(bytes, position))
  }

  writeSync(bytes: Uint8Array, position: number): number {
    return this.file.writeSync(bytes, position)
  }

  truncate(size: number): Promise<void> {
    return this.raced(() => this.file.truncate(size))
  }

  sync(): Promise<void> {
    return this.raced(() => this.file.sync())
  }
}
