import type { Writable } from 'node:stream'
import { CliError } from './cli-error.ts'

/** Nobody reads any more, as with `| head`: no failure, only the end of the work. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone'
}

/** Where bytes go: standard output, standard error or a file. */
export interface Sink {
  /** Resolves when the bytes are handed on, so that one who awaits it holds no more than he writes. */
  write(bytes: string | Uint8Array): Promise<void>
}

/** A standard stream. Rejects with ReaderGone when nobody reads it any more. */
export class Output implements Sink {
  readonly isTerminal: boolean
  /** Of the terminal. */
  readonly columns: number | undefined
  readonly stream: Writable

  constructor(stream: Writable & { readonly isTTY?: boolean; readonly columns?: number }) {
    this.stream = stream
    this.isTerminal = stream.isTTY === true
    this.columns = stream.columns
    // The callback of the write reports it; without a listener it would end the process.
    stream.on('error', () => undefined)
  }

  write(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.stream.write(bytes, (error) => {
        if (error) reject(writeFailure(error))
        else resolve()
      })
    })
  }

  writeLine(text: string): Promise<void> {
    return this.write(`${text}\n`)
  }
}

function writeFailure(error: Error & { readonly code?: string }): Error {
  const { code } = error
  if (code === 'EPIPE' || code === 'ECONNRESET' || code === 'ERR_STREAM_DESTROYED') {
    return new ReaderGone('the reader is gone', { cause: error })
  }
  return new CliError('CLI_IO', `the output cannot be written: ${error.message}`, error)
}
