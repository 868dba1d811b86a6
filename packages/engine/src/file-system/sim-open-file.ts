import type { WritableFile } from './file-system.ts'
import type { SimChange } from './sim-change.ts'
import { systemError } from './sim-error.ts'
import type { SimFile } from './sim-file.ts'
import { partOf } from './sim-file.ts'
import type { SimOperations } from './sim-operations.ts'

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
    this.#checkWritable('write')
    checkCount(position, 'position')
    const injection = this.#operations.beginPartial('write', this.#path, bytes.length)
    if (injection?.kind === 'failure') {
      const reached = copyOf(bytes, partOf(bytes.length, injection.reached))
      await this.#change({ kind: 'write', position, bytes: reached, isSettled: false })
      throw systemError(injection.code, 'write', this.#path)
    }
    const written = copyOf(bytes, injection?.bytes)
    await this.#change({ kind: 'write', position, bytes: written, isSettled: false })
    return written.length
  }

  async truncate(size: number): Promise<void> {
    this.#checkWritable('ftruncate')
    checkCount(size, 'size')
    const added = Math.max(0, size - this.#file.size)
    const injection = this.#operations.beginPartial('truncate', this.#path, added)
    if (injection?.kind === 'failure') throw systemError(injection.code, 'ftruncate', this.#path)
    await this.#change({ kind: 'truncate', size, isSettled: false })
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

  async #change(change: SimChange): Promise<void> {
    if (change.kind === 'truncate' || change.bytes.length > 0) this.#file.change(change)
    await Promise.resolve()
    change.isSettled = true
  }

  #checkWritable(syscall: string): void {
    this.#checkOpen(syscall)
    if (!this.#isWritable) throw systemError('EBADF', syscall, this.#path)
  }

  #checkOpen(syscall: string): void {
    if (!this.#isOpen) throw systemError('EBADF', syscall, this.#path)
  }
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
