import type { ExitCode } from './exit-codes.ts'

/** The server cannot start. The message is one line: what, what was not changed, what to do. */
export class StartError extends Error {
  override readonly name = 'StartError'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options)
    this.exitCode = exitCode
  }
}
