/** A failure as one line for people, as JSON for programs, and as an exit code. */
import { KvError } from '@kv/client'
import { KvError as StoreError } from '@kv/engine/inspect'
import { CliError } from './cli-error.ts'
import { escapeJson, escapeMessage } from './escape.ts'
import type { CliErrorCode } from './exit-codes.ts'
import { cliExitCodes, errorExitCodes } from './exit-codes.ts'
import { ImportStopped } from './import-stopped.ts'
import { JsonLineError } from './json-lines.ts'
import { LineTooLongError } from './line-splitter.ts'

export interface ErrorReport {
  /** As in the table, or as a newer server wrote it. */
  readonly code: string
  readonly message: string
  readonly exitCode: number
}

export function reportError(error: unknown): ErrorReport {
  if (error instanceof ImportStopped) return { ...reportError(error.cause), message: error.message }
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof KvError) {
    return { code: error.codeName, message, exitCode: errorExitCodes[error.code] }
  }
  // Of files that were read without a server.
  if (error instanceof StoreError) {
    return { code: error.code, message, exitCode: errorExitCodes[error.code] }
  }
  const code = cliCodeOf(error)
  return { code, message, exitCode: cliExitCodes[code] }
}

export function formatErrorLine({ code, message }: ErrorReport): string {
  const hint = code === 'CLI_USAGE' ? '; see kv --help' : ''
  return escapeMessage(`kv: ${message}${hint} (${code})`)
}

export function formatErrorJson({ code, message }: ErrorReport): string {
  return escapeJson(JSON.stringify({ error: { code, message } }))
}

function cliCodeOf(error: unknown): CliErrorCode {
  if (error instanceof CliError) return error.code
  if (error instanceof JsonLineError || error instanceof LineTooLongError) return 'CLI_BAD_INPUT'
  return 'CLI_INTERNAL'
}
