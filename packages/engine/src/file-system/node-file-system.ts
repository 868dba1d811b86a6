import {
  close,
  constants,
  fdatasync,
  fstat,
  fsync,
  ftruncate,
  open as openDescriptor,
  openSync,
  read,
  readSync,
  write,
  writeSync,
} from 'node:fs'
import { mkdir, readdir, rename, unlink } from 'node:fs/promises'
import { lockDirectory } from './directory-lock.ts'
import type {
  DirectoryLock,
  DirectoryUse,
  FileSystem,
  ReadableFile,
  WritableFile,
} from './file-system.ts'
import { freeSpace } from './free-space.ts'
import { directoryMode, fileMode, openFlags } from './open-flags.ts'
import { SpareDescriptors } from './spare-descriptors.ts'

const { O_DIRECTORY, O_RDONLY } = constants

const spares = new SpareDescriptors()

/** The disk of this machine. A symbolic link in place of a file is refused (`ELOOP`); one to a directory is followed. */
export const nodeFileSystem: FileSystem = {
  async openForReading(path: string, isVital = false): Promise<ReadableFile> {
    return new NodeFile(await openPath(path, openFlags.read, isVital))
  },
  async openForWriting(path: string): Promise<WritableFile> {
    return new NodeFile(await openPath(path, openFlags.write, true))
  },
  async createFile(path: string): Promise<WritableFile> {
    return new NodeFile(await openPath(path, openFlags.create, true))
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
    const directory = await openPath(path, O_RDONLY | O_DIRECTORY, true)
    try {
      await syncFully(directory)
    } finally {
      await closeDescriptor(directory)
    }
  },
  freeSpace,
  async lockDirectory(path: string, use?: DirectoryUse): Promise<DirectoryLock> {
    const lock = await lockDirectory(path, use)
    spares.hold()
    let isHeld = true
    return {
      release: async () => {
        if (isHeld) spares.letGo()
        isHeld = false
        await lock.release()
      },
    }
  },
}

/** With `isVital`, a spare descriptor stands in where none is free. */
function openPath(path: string, flags: number, isVital: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    openDescriptor(path, flags, fileMode, (error, descriptor) => {
      if (error === null) {
        resolve(descriptor)
        return
      }
      if (!isVital) {
        reject(error)
        return
      }
      try {
        resolve(spares.open(() => openSync(path, flags, fileMode), error))
      } catch (failure) {
        reject(failure)
      }
    })
  })
}

function syncFully(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(descriptor, (error) => {
      if (error === null) resolve()
      else reject(error)
    })
  })
}

function closeDescriptor(descriptor: number): Promise<void> {
  return new Promise((resolve, reject) => {
    close(descriptor, (error) => {
      spares.refill()
      if (error) reject(error)
      else resolve()
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
    return closeDescriptor(descriptor)
  }
}
