/**
 * A file that is there as a whole or not at all: written beside its name, synced, and then given the name. A
 * process that is killed leaves `.NAME.….tmp` behind and the old file as it was. What is no regular file, such
 * as /dev/null or a named pipe, is written directly.
 */
import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { link, open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CliError } from './cli-error.ts'
import type { Sink } from './output.ts'
import { ReaderGone } from './output.ts'
import { systemErrorCode, systemErrorReason } from './system-error.ts'

export class OutputFile implements Sink, AsyncDisposable {
  readonly #handle: FileHandle
  readonly #path: string
  /** Undefined when the file is written directly. */
  readonly #temporaryPath: string | undefined
  readonly #replace: boolean
  #open = true

  private constructor(
    handle: FileHandle,
    path: string,
    temporaryPath: string | undefined,
    replace: boolean,
  ) {
    this.#handle = handle
    this.#path = path
    this.#temporaryPath = temporaryPath
    this.#replace = replace
  }

  /** Throws CLI_CANNOT_CREATE, for a file that exists too unless it may be replaced. */
  static async create(path: string, replace: boolean): Promise<OutputFile> {
    const kind = await kindOf(path)
    if (kind === 'directory') throw cannotCreate(path, 'it is a directory')
    if (kind === 'file' && !replace) throw alreadyThere(path)
    try {
      if (kind === 'special') return new OutputFile(await open(path, 'w'), path, undefined, true)
      // Behind a symbolic link the file is replaced, not the link.
      const target = kind === 'file' ? await realpath(path) : path
      const temporaryPath = temporaryPathOf(target)
      return new OutputFile(await open(temporaryPath, 'wx'), target, temporaryPath, replace)
    } catch (error) {
      throw cannotCreate(path, systemErrorReason(error), error)
    }
  }

  async write(bytes: string | Uint8Array): Promise<void> {
    try {
      await this.#handle.writeFile(bytes)
    } catch (error) {
      throw this.#writeFailure(error)
    }
  }

  /** Once: from now on the file is there. */
  async commit(): Promise<void> {
    if (this.#temporaryPath === undefined) return this.#close()
    try {
      await this.#handle.sync()
      await this.#close()
      await this.#giveName(this.#temporaryPath)
    } catch (error) {
      await unlink(this.#temporaryPath).catch(() => undefined)
      throw error instanceof CliError ? error : this.#writeFailure(error)
    }
  }

  /** Without a commit nothing is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#open) return
    await this.#close()
    if (this.#temporaryPath !== undefined) await unlink(this.#temporaryPath).catch(() => undefined)
  }

  async #giveName(temporaryPath: string): Promise<void> {
    if (this.#replace) return rename(temporaryPath, this.#path)
    try {
      // Unlike a rename it fails when somebody else has made the file meanwhile.
      await link(temporaryPath, this.#path)
    } catch (error) {
      if (systemErrorCode(error) === 'EEXIST') throw alreadyThere(this.#path)
      throw error
    }
    await unlink(temporaryPath)
  }

  #close(): Promise<void> {
    this.#open = false
    return this.#handle.close()
  }

  #writeFailure(error: unknown): Error {
    if (systemErrorCode(error) === 'EPIPE') return new ReaderGone('the reader is gone')
    const reason = systemErrorReason(error)
    return new CliError('CLI_IO', `${this.#path} cannot be written: ${reason}`, error)
  }
}

async function kindOf(path: string): Promise<'none' | 'file' | 'directory' | 'special'> {
  const stats = await stat(path).catch(() => undefined)
  if (stats === undefined) return 'none'
  if (stats.isDirectory()) return 'directory'
  return stats.isFile() ? 'file' : 'special'
}

function temporaryPathOf(path: string): string {
  const suffix = randomBytes(6).toString('hex')
  return join(dirname(path), `.${basename(path)}.${suffix}.tmp`)
}

function alreadyThere(path: string): CliError {
  return new CliError(
    'CLI_CANNOT_CREATE',
    `${path} exists and was left as it is: choose another name, or replace it with --force`,
  )
}

function cannotCreate(path: string, reason: string, cause?: unknown): CliError {
  return new CliError('CLI_CANNOT_CREATE', `${path} cannot be written: ${reason}`, cause)
}
