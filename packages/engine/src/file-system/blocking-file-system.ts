import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs'
import { lockDirectory } from './directory-lock.ts'
import type { FileSystem, ReadableFile, WritableFile } from './file-system.ts'
import { freeSpace } from './free-space.ts'
import { directoryMode, fileMode, openFlags } from './open-flags.ts'

const { O_DIRECTORY, O_RDONLY } = constants

/**
 * The disk of this machine, by calls that block: for worker threads, where nobody else waits. It leaves the
 * process's thread pool, in which the log is synced, alone.
 */
export const blockingFileSystem: FileSystem = {
  async openForReading(path: string): Promise<ReadableFile> {
    return new BlockingFile(openSync(path, openFlags.read))
  },
  async openForWriting(path: string): Promise<WritableFile> {
    return new BlockingFile(openSync(path, openFlags.write))
  },
  async createFile(path: string): Promise<WritableFile> {
    return new BlockingFile(openSync(path, openFlags.create, fileMode))
  },
  async rename(from: string, to: string): Promise<void> {
    renameSync(from, to)
  },
  async unlink(path: string): Promise<void> {
    unlinkSync(path)
  },
  async makeDirectory(path: string): Promise<void> {
    mkdirSync(path, { mode: directoryMode })
  },
  async readDirectory(path: string): Promise<string[]> {
    return readdirSync(path)
  },
  async syncDirectory(path: string): Promise<void> {
    const descriptor = openSync(path, O_RDONLY | O_DIRECTORY)
    try {
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
  },
  freeSpace,
  lockDirectory,
}

const closedDescriptor = -1

class BlockingFile implements WritableFile {
  #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  async size(): Promise<number> {
    return fstatSync(this.#descriptor).size
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    return this.readSync(target, position)
  }

  readSync(target: Uint8Array, position: number): number {
    return readSync(this.#descriptor, target, 0, target.length, position)
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    return this.writeSync(bytes, position)
  }

  writeSync(bytes: Uint8Array, position: number): number {
    return writeSync(this.#descriptor, bytes, 0, bytes.length, position)
  }

  async truncate(size: number): Promise<void> {
    ftruncateSync(this.#descriptor, size)
  }

  async sync(): Promise<void> {
    fdatasyncSync(this.#descriptor)
  }

  async close(): Promise<void> {
    const descriptor = this.#descriptor
    this.#descriptor = closedDescriptor
    closeSync(descriptor)
  }
}
