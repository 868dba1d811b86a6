import type { ErrorCode, Outcome } from './error-codes.ts'
import { errorTable, isErrorCode } from './error-codes.ts'
import type { PlainMap } from './plain.ts'

export interface KvErrorOptions {
  readonly details?: PlainMap | undefined
  readonly cause?: unknown
}

/** An expected failure. Branch on `code`, never on the text. */
export class KvError extends Error {
  override readonly name = 'KvError'
  readonly code: ErrorCode
  /** The code as the server wrote it: other than `code` only where a newer server has one that we lack. */
  readonly codeName: string
  readonly retryable: boolean
  readonly outcome: Outcome
  readonly details: PlainMap | undefined

  constructor(code: ErrorCode, message: string, options: KvErrorOptions = {}, codeName?: string) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const traits = errorTable[code]
    this.code = code
    this.codeName = codeName ?? code
    this.retryable = traits.retryable
    this.outcome = traits.outcome
    this.details = options.details
  }
}

/** The error an answer carries. A code we do not know has the traits of KV_INTERNAL and keeps its name. */
export function errorFromWire(
  codeName: string,
  message: string,
  details: PlainMap | undefined,
): KvError {
  const code = isErrorCode(codeName) ? codeName : 'KV_INTERNAL'
  return new KvError(code, message, { details }, codeName)
}

/** Bytes that are no message. The text names what was wrong, never what the bytes hold. */
export function malformed(what: string): KvError {
  return new KvError('KV_BAD_REQUEST', `malformed message: ${what}`)
}
