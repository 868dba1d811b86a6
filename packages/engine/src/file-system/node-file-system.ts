import {
  close,
  constants,
  fdatasync,
  fstat,
  ftruncate,
  open as openDescriptor,
  read,
  readSync,
  write,
  writeSync,
} from 'node:fs'
import { mkdir, open, readdir, rename, unlink } from 'node:fs/promises'
import { lockDirectory } from './directory-lock.ts'
import type { FileSystem, ReadableFile, WritableFile } from './file-system.ts'
import { freeSpace } from './free-space.ts'
import { directoryMode, fileMode, openFlags } from './open-flags.ts'

const { O_DIRECTORY, O_RDONLY } = constants

/** The disk of this machine. A symbolic link in place of a file is refused (`ELOOP`); one to a directory is followed. */
export const nodeFileSystem: FileSystem = {
  openForReading(path: string): Promise<ReadableFile> {
    return openFile(path, openFlags.read)
  },
  openForWriting(path: string): Promise<WritableFile> {
    return openFile(path, openFlags.write)
  },
  createFile(path: string): Promise<WritableFile> {
    return openFile(path, openFlags.create)
  },
  rename,
  unlink,
  makeDirectory(path: string): Promise<void> {
    return mkdir(path, { mode: directoryMode })
  },
  readDirectory(path: string): Promise<string[]> {
    return readdir(path)
  },
  async syncDirectory(path: string): Promise<void> {
    const directory = await open(path, O_RDONLY | O_DIRECTORY)
    try {
      await directory.sync()
    } finally {
      await directory.close()
    }
  },
  freeSpace,
  lockDirectory,
}

function openFile(path: string, flags: number): Promise<NodeFile> {
  return new Promise((resolve, reject) => {
    openDescriptor(path, flags, fileMode, (error, descriptor) => {
      if (error === null) resolve(new NodeFile(descriptor))
      else reject(error)
    })
  })
}

/** After `close()`: no call reaches whatever file gets the number next, Node refuses this one. */
const closedDescriptor = -1

/** One open descriptor. Plain callbacks, because a `FileHandle` costs more for each call. */
class NodeFile implements WritableFile {
  #descriptor: number

  constructor(descriptor: number) {
    this.#descriptor = descriptor
  }

  size(): Promise<number> {
    return new Promise((resolve, reject) => {
      fstat(this.#descriptor, (error, stats) => {
        if (error === null) resolve(stats.size)
        else reject(error)
      })
    })
  }

  read(target: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#descriptor, target, 0, target.length, position, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })
  }

  readSync(target: Uint8Array, position: number): number {
    return readSync(this.#descriptor, target, 0, target.length, position)
  }

  write(bytes: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      write(this.#descriptor, bytes, 0, bytes.length, position, (error, count) => {
        if (error === null) resolve(count)
        else reject(error)
      })
    })
  }

  writeSync(bytes: Uint8Array, position: number): number {
    return writeSync(this.#descriptor, bytes, 0, bytes.length, position)
  }

  truncate(size: number): Promise<void> {
    return new Promise((resolve, reject) => {
      ftruncate(this.#descriptor, size, (error) => {
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fdatasync(this.#descriptor, (error) => {
        if (error === null) resolve()
        else reject(error)
      })
    })
  }

  close(): Promise<void> {
    const descriptor = this.#descriptor
    this.#descriptor = closedDescriptor
    return new Promise((resolve, reject) => {
      close(descriptor, (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
  }
}
