import type {
  DirectoryLock,
  FileSystem,
  FreeSpace,
  ReadableFile,
  WritableFile,
} from '../../src/file-system/file-system.ts'
import { nodeFileSystem } from '../../src/file-system/node-file-system.ts'
import type { StepMatcher } from './failpoint.ts'

/** What befalls the process at the failpoint. */
export interface Fault {
  /** `half` does the first half of what the step would do, where it can be halved. */
  strike(half: () => Promise<unknown>): Promise<void>
  /** As {@link strike}, for a step that is done in this turn of the event loop. */
  strikeSync(half: () => unknown): void
}

/** The real disk, with a fault at one step. */
export class FailingFileSystem implements FileSystem {
  readonly #directory: string
  readonly #point: FaultPoint

  constructor(directory: string, matcher: StepMatcher, fault: Fault) {
    this.#directory = directory
    this.#point = new FaultPoint(matcher, fault)
  }

  async openForReading(path: string): Promise<ReadableFile> {
    await this.#pass('open', path)
    const file = await nodeFileSystem.openForReading(path)
    return new FailingFile(file, this.#below(path), this.#point)
  }

  async openForWriting(path: string): Promise<WritableFile> {
    await this.#pass('openForWriting', path)
    return this.#writable(path, await nodeFileSystem.openForWriting(path))
  }

  async createFile(path: string): Promise<WritableFile> {
    await this.#pass('create', path)
    return this.#writable(path, await nodeFileSystem.createFile(path))
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#point.pass(`rename ${this.#below(from)} ${this.#below(to)}`)
    await nodeFileSystem.rename(from, to)
  }

  async unlink(path: string): Promise<void> {
    await this.#pass('unlink', path)
    await nodeFileSystem.unlink(path)
  }

  async makeDirectory(path: string): Promise<void> {
    await this.#pass('mkdir', path)
    await nodeFileSystem.makeDirectory(path)
  }

  async readDirectory(path: string): Promise<string[]> {
    await this.#pass('readdir', path)
    return nodeFileSystem.readDirectory(path)
  }

  async syncDirectory(path: string): Promise<void> {
    await this.#pass('syncDirectory', path)
    await nodeFileSystem.syncDirectory(path)
  }

  freeSpace(path: string): Promise<FreeSpace> {
    return nodeFileSystem.freeSpace(path)
  }

  lockDirectory(path: string): Promise<DirectoryLock> {
    return nodeFileSystem.lockDirectory(path)
  }

  #pass(call: string, path: string): Promise<void> {
    return this.#point.pass(`${call} ${this.#below(path)}`)
  }

  #writable(path: string, file: WritableFile): WritableFile {
    return new FailingWritableFile(file, this.#below(path), this.#point)
  }

  #below(path: string): string {
    if (path === this.#directory) return '.'
    return path.startsWith(`${this.#directory}/`) ? path.slice(this.#directory.length + 1) : '..'
  }
}

class FaultPoint {
  readonly #matcher: StepMatcher
  readonly #fault: Fault

  constructor(matcher: StepMatcher, fault: Fault) {
    this.#matcher = matcher
    this.#fault = fault
  }

  async pass(step: string, half: () => Promise<unknown> = async () => undefined): Promise<void> {
    if (this.#matcher.matches(step)) await this.#fault.strike(half)
  }

  passSync(step: string, half: () => unknown = () => undefined): void {
    if (this.#matcher.matches(step)) this.#fault.strikeSync(half)
  }
}

class FailingFile<F extends ReadableFile = ReadableFile> implements ReadableFile {
  protected readonly file: F
  protected readonly path: string
  protected readonly point: FaultPoint

  constructor(file: F, path: string, point: FaultPoint) {
    this.file = file
    this.path = path
    this.point = point
  }

  size(): Promise<number> {
    return this.file.size()
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    await this.point.pass(`read ${this.path}`)
    return this.file.read(target, position)
  }

  readSync(target: Uint8Array, position: number): number {
    this.point.passSync(`read ${this.path}`)
    return this.file.readSync(target, position)
  }

  close(): Promise<void> {
    return this.file.close()
  }
}

class FailingWritableFile extends FailingFile<WritableFile> implements WritableFile {
  async write(bytes: Uint8Array, position: number): Promise<number> {
    await this.point.pass(`write ${this.path}`, () => this.file.write(firstHalf(bytes), position))
    return this.file.write(bytes, position)
  }

  writeSync(bytes: Uint8Array, position: number): number {
    this.point.passSync(`write ${this.path}`, () => this.file.writeSync(firstHalf(bytes), position))
    return this.file.writeSync(bytes, position)
  }

  async truncate(size: number): Promise<void> {
    await this.point.pass(`truncate ${this.path}`)
    await this.file.truncate(size)
  }

  async sync(): Promise<void> {
    await this.point.pass(`sync ${this.path}`)
    await this.file.sync()
  }
}

function firstHalf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, Math.ceil(bytes.length / 2))
}
