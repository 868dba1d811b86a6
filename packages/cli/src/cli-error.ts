import type { CliErrorCode } from './exit-codes.ts'

/** A failure on this side of the wire: the command line, a file, a signal. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: CliErrorCode

  constructor(code: CliErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

export function usageError(message: string): CliError {
  return new CliError('CLI_USAGE', message)
}
