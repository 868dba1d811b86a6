import type { WritableFile } from './file-system.ts'
import type { SimChange } from './sim-change.ts'
import { systemError } from './sim-error.ts'
import type { SimFile } from './sim-file.ts'
import { partOf } from './sim-file.ts'
import type { SimOperations } from './sim-operations.ts'

type SimWrite = Extract<SimChange, { kind: 'write' }>

/** One descriptor of a simulated file. Each call takes effect at once and resolves in a microtask. */
export class SimOpenFile implements WritableFile {
  readonly #file: SimFile
  readonly #path: string
  readonly #isWritable: boolean
  readonly #operations: SimOperations
  readonly #onClose: () => void
  #isOpen = true

  constructor(
    file: SimFile,
    path: string,
    isWritable: boolean,
    operations: SimOperations,
    onClose: () => void,
  ) {
    this.#file = file
    this.#path = path
    this.#isWritable = isWritable
    this.#operations = operations
    this.#onClose = onClose
  }

  async size(): Promise<number> {
    this.#checkOpen('fstat')
    this.#operations.checkPower()
    return this.#file.size
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    return this.readSync(target, position)
  }

  readSync(target: Uint8Array, position: number): number {
    this.#checkOpen('read')
    checkCount(position, 'position')
    const injection = this.#operations.beginPartial('read', this.#path, target.length)
    if (injection?.kind === 'failure') throw systemError(injection.code, 'read', this.#path)
    const wanted = injection === undefined ? target : target.subarray(0, injection.bytes)
    return this.#file.read(wanted, position)
  }

  async write(bytes: Uint8Array, position: number): Promise<number> {
    const { change, error } = this.#write(bytes, position)
    await settle(change)
    if (error !== undefined) throw error
    return change.bytes.length
  }

  writeSync(bytes: Uint8Array, position: number): number {
    const { change, error } = this.#write(bytes, position)
    change.isSettled = true
    if (error !== undefined) throw error
    return change.bytes.length
  }

  async truncate(size: number): Promise<void> {
    this.#checkWritable('ftruncate')
    checkCount(size, 'size')
    const added = Math.max(0, size - this.#file.size)
    const injection = this.#operations.beginPartial('truncate', this.#path, added)
    if (injection?.kind === 'failure') throw systemError(injection.code, 'ftruncate', this.#path)
    const change: SimChange = { kind: 'truncate', size, isSettled: false }
    this.#file.change(change)
    await settle(change)
  }

  async sync(): Promise<void> {
    this.#checkWritable('fdatasync')
    const injection = this.#operations.beginPartial('sync', this.#path, 0)
    if (injection?.kind === 'failure') {
      this.#file.failSync(injection.reached)
      throw systemError(injection.code, 'fdatasync', this.#path)
    }
    this.#file.sync()
  }

  async close(): Promise<void> {
    this.#checkOpen('close')
    this.#isOpen = false
    this.#onClose()
  }

  /** Writes what reaches the file. It is settled by the caller. */
  #write(bytes: Uint8Array, position: number): { change: SimWrite; error: Error | undefined } {
    this.#checkWritable('write')
    checkCount(position, 'position')
    const injection = this.#operations.beginPartial('write', this.#path, bytes.length)
    const hasFailed = injection?.kind === 'failure'
    const length = hasFailed ? partOf(bytes.length, injection.reached) : injection?.bytes
    const change: SimWrite = {
      kind: 'write',
      position,
      bytes: copyOf(bytes, length),
      isSettled: false,
    }
    if (change.bytes.length > 0) this.#file.change(change)
    const error = hasFailed ? systemError(injection.code, 'write', this.#path) : undefined
    return { change, error }
  }

  #checkWritable(syscall: string): void {
    this.#checkOpen(syscall)
    if (!this.#isWritable) throw systemError('EBADF', syscall, this.#path)
  }

  #checkOpen(syscall: string): void {
    if (!this.#isOpen) throw systemError('EBADF', syscall, this.#path)
  }
}

/** A change is settled when its caller gets to know. */
async function settle(change: SimChange): Promise<void> {
  await Promise.resolve()
  change.isSettled = true
}

/** The first `length` bytes, apart from the caller's buffer: `slice` of a Buffer is a view of it. */
function copyOf(bytes: Uint8Array, length: number = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(0, length))
}

function checkCount(count: number, name: string): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`${name} must be a whole number from 0 on, not ${count}`)
  }
}
