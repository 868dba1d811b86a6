/**
 * A disk in memory that can be cut off, torn and broken at any operation. It keeps two states: what
 * processes see (the page cache) and what is durable, for the bytes of each file and for the names in
 * each directory. It is stricter than ext4: syncing a file does not save its name, each name change
 * survives a power cut or not whatever the others do, and a sync covers only what its caller was told
 * is done.
 *
 * Everything is deterministic. No timers: each promise settles within microtasks.
 */
import type {
  DirectoryLock,
  FileSystem,
  FreeSpace,
  ReadableFile,
  WritableFile,
} from './file-system.ts'
import { DirectoryLockedError } from './file-system.ts'
import type { CrashChoice } from './sim-crash.ts'
import type { SimNameChange } from './sim-directory.ts'
import { SimDirectory } from './sim-directory.ts'
import { systemError } from './sim-error.ts'
import type { SimFailure, SimOperation, SimShortTransfer } from './sim-faults.ts'
import { SimFile } from './sim-file.ts'
import { SimOpenFile } from './sim-open-file.ts'
import { SimOperations } from './sim-operations.ts'
import { SimTree } from './sim-tree.ts'

export class SimFileSystem implements FileSystem {
  readonly #tree: SimTree
  readonly #operations = new SimOperations()
  readonly #locked = new Set<SimDirectory>()
  /** What the disk says is free. It says so only: nothing runs out by itself. */
  free: FreeSpace = { bytes: 2 ** 50, totalBytes: 2 ** 50, files: Number.POSITIVE_INFINITY }
  #openFiles = 0

  /** An empty disk with the root directory `/`; `tree` is for copies of one. */
  constructor(tree: SimTree = new SimTree()) {
    this.#tree = tree
  }

  /** How many operations have begun. Counted are those of `SimOperationKind`: not size, close or lock. */
  get operations(): number {
    return this.#operations.count
  }

  /** How many operations a fault has hit. */
  get faultsInjected(): number {
    return this.#operations.faultsInjected
  }

  /** How many files are open now. */
  get openFiles(): number {
    return this.#openFiles
  }

  /** The files that processes see, by absolute path. The bytes are copies. */
  files(): Map<string, Uint8Array> {
    const files = new Map<string, Uint8Array>()
    for (const [path, file] of this.#tree.files()) files.set(path, file.toBytes())
    return files
  }

  /** Notes every operation from now on in the list that is returned. */
  record(): readonly SimOperation[] {
    return this.#operations.record()
  }

  /** Puts bytes into a file as damage at rest would, durably. Makes the file and its directories if need be; for a name with no un-synced change. */
  poke(path: string, bytes: Uint8Array): void {
    this.#tree.poke(path, bytes)
  }

  /**
   * The same disk for another process, as after `kill -9`: un-synced changes are seen and still un-synced.
   * No files are open, nothing is locked, no faults wait, and operations are counted from 0.
   */
  clone(): SimFileSystem {
    return new SimFileSystem(this.#tree.clone())
  }

  /** The disk after a power cut at this moment, as {@link clone} but with all that is left durable. */
  crash(choice: CrashChoice): SimFileSystem {
    return new SimFileSystem(this.#tree.afterCrash(choice))
  }

  /** Cuts the power when `count` operations have begun: every later one throws `SimPowerCut` and has no effect. */
  stopAfter(count: number): void {
    this.#operations.stopAfter(count)
  }

  failAt(failure: SimFailure): void {
    this.#operations.failAt(failure)
  }

  shortenAt(transfer: SimShortTransfer): void {
    this.#operations.shortenAt(transfer)
  }

  /** Forgets the faults that wait, sticky ones too: space is back, the disk is well. */
  clearFaults(): void {
    this.#operations.clearFaults()
  }

  async freeSpace(path: string): Promise<FreeSpace> {
    this.#operations.checkPower()
    this.#tree.directory(path, 'statfs')
    return this.free
  }

  async openForReading(path: string): Promise<ReadableFile> {
    this.#operations.begin('open', path)
    return this.#open(this.#tree.file(path, 'open'), path, false)
  }

  async openForWriting(path: string): Promise<WritableFile> {
    this.#operations.begin('open', path)
    return this.#open(this.#tree.file(path, 'open'), path, true)
  }

  async createFile(path: string): Promise<WritableFile> {
    this.#operations.begin('create', path)
    const file = new SimFile()
    await settle(this.#tree.add(path, file, 'open'))
    return this.#open(file, path, true)
  }

  async rename(from: string, to: string): Promise<void> {
    this.#operations.begin('rename', from)
    const change = this.#tree.move(from, to)
    if (change !== undefined) await settle(change)
  }

  async unlink(path: string): Promise<void> {
    this.#operations.begin('unlink', path)
    await settle(this.#tree.remove(path))
  }

  async makeDirectory(path: string): Promise<void> {
    this.#operations.begin('mkdir', path)
    await settle(this.#tree.add(path, new SimDirectory(), 'mkdir'))
  }

  async readDirectory(path: string): Promise<string[]> {
    this.#operations.begin('readdir', path)
    return [...this.#tree.directory(path, 'scandir').seen.keys()]
  }

  async syncDirectory(path: string): Promise<void> {
    const injection = this.#operations.beginPartial('syncDirectory', path, 0)
    const directory = this.#tree.directory(path, 'open')
    if (injection?.kind === 'failure') {
      // Without a descriptor there was no sync, and nothing is lost.
      if (injection.code !== 'EMFILE') this.#tree.failSync(directory)
      throw systemError(injection.code, 'fsync', path)
    }
    this.#tree.sync(directory)
  }

  async lockDirectory(path: string): Promise<DirectoryLock> {
    this.#operations.checkPower()
    const directory = this.#tree.directory(path, 'open')
    if (this.#locked.has(directory)) throw new DirectoryLockedError('another store of this process')
    this.#locked.add(directory)
    let isHeld = true
    return {
      release: async () => {
        if (isHeld) this.#locked.delete(directory)
        isHeld = false
      },
    }
  }

  #open(file: SimFile, path: string, isWritable: boolean): SimOpenFile {
    this.#openFiles++
    return new SimOpenFile(file, path, isWritable, this.#operations, () => {
      this.#openFiles--
    })
  }
}

/** A change is settled when its caller gets to know. */
async function settle(change: SimNameChange): Promise<void> {
  await Promise.resolve()
  change.isSettled = true
}
