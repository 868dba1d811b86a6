/**
 * The engine's door to the disk. Everything the engine reads or writes goes through one of these; there
 * is a real one (`node-file-system.ts`) and a simulated one that can lose, tear and fail
 * (`sim-file-system.ts`). Both pass one contract suite.
 *
 * Paths are absolute or relative as the caller gave them, with `/` between parts. Errors are those of
 * Node: an `Error` with a `code` such as `ENOENT`, `EEXIST`, `EIO`, `ENOSPC` or `EMFILE`.
 *
 * What is durable: the bytes of a file after its `sync()`, and the names in a directory after its
 * `syncDirectory()`. Syncing a new file does not save its name (stricter than ext4, as POSIX allows).
 */
export interface FileSystem {
  /**
   * Opens an existing file for reading only. `ENOENT` when there is none. `isVital` says that more than a read
   * hangs on it: where descriptors are kept for that, as they are for whatever is written, it may take one.
   */
  openForReading(path: string, isVital?: boolean): Promise<ReadableFile>
  /** Opens an existing file for reading and writing. `ENOENT` when there is none. */
  openForWriting(path: string): Promise<WritableFile>
  /** Creates an empty file for reading and writing. `EEXIST` when the name is taken; never follows a link. */
  createFile(path: string): Promise<WritableFile>
  /** Moves `from` to `to`, replacing a file there, in one step. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file's name. `ENOENT` when there is none. */
  unlink(path: string): Promise<void>
  /** Creates one directory. `EEXIST` when the name is taken, `ENOENT` without a parent. */
  makeDirectory(path: string): Promise<void>
  /** The names in a directory, in no order. `ENOENT` when there is none. */
  readDirectory(path: string): Promise<string[]>
  /** Makes the names in a directory durable: created, renamed and removed ones. */
  syncDirectory(path: string): Promise<void>
  /** What is free, for files of this process, on the file system that holds a directory. */
  freeSpace(path: string): Promise<FreeSpace>
  /**
   * Takes the exclusive right to a directory. It ends with `release()` or with the process that holds it,
   * however that dies. Throws {@link DirectoryLockedError} while another store holds it, in this process
   * or any other. For reading alone, names are as they were once it is released.
   */
  lockDirectory(path: string, use?: DirectoryUse): Promise<DirectoryLock>
}

/** For what a directory is taken. Both exclude everybody else. */
export type DirectoryUse = 'read' | 'write'

export interface FreeSpace {
  readonly bytes: number
  /** Of the whole file system, free or not. */
  readonly totalBytes: number
  /** Names that can still be added; infinite where the file system does not count them. */
  readonly files: number
}

export interface ReadableFile {
  /** Length in bytes now. */
  size(): Promise<number>
  /**
   * Reads into `target` from byte `position` of the file. Returns how many bytes were read: at least one,
   * perhaps fewer than asked, and 0 only at the end of the file. `readFully` in `transfer.ts` asks again.
   */
  read(target: Uint8Array, position: number): Promise<number>
  /** As {@link read}, in this turn of the event loop: for bytes that are in the page cache. */
  readSync(target: Uint8Array, position: number): number
  /** Gives the descriptor back. The file must not be used after. */
  close(): Promise<void>
}

export interface WritableFile extends ReadableFile {
  /**
   * Writes `bytes` at `position`; a gap before it reads as zeros. Returns how many bytes were written: at
   * least one, perhaps fewer than asked. `writeFully` in `transfer.ts` goes on. On an error any part of
   * `bytes` may be in the file.
   */
  write(bytes: Uint8Array, position: number): Promise<number>
  /** As {@link write}, in this turn of the event loop: for bytes that the page cache takes. */
  writeSync(bytes: Uint8Array, position: number): number
  /** Cuts the file to `size` bytes, or extends it with zeros. */
  truncate(size: number): Promise<void>
  /** Makes the file's bytes and its size durable (`fdatasync`). */
  sync(): Promise<void>
}

export interface DirectoryLock {
  release(): Promise<void>
}

/** Another store holds the directory. `holder` says who, as far as it is known (`process 4711`). */
export class DirectoryLockedError extends Error {
  override readonly name = 'DirectoryLockedError'
  readonly holder: string

  constructor(holder: string) {
    super(`the directory is held by ${holder}`)
    this.holder = holder
  }
}
