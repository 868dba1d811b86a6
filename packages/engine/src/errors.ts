/**
 * Expected failures of the store. The codes, `retryable` and `outcome` are those of the wire's error table
 * (docs/errors.md); the server checks that the two agree.
 */
const traits = {
  KV_BAD_REQUEST: { retryable: false, outcome: 'not-applied' },
  KV_KEY_TOO_LARGE: { retryable: false, outcome: 'not-applied' },
  KV_VALUE_TOO_LARGE: { retryable: false, outcome: 'not-applied' },
  KV_BATCH_TOO_LARGE: { retryable: false, outcome: 'not-applied' },
  KV_VERSION_MISMATCH: { retryable: false, outcome: 'not-applied' },
  KV_TRY_LATER: { retryable: true, outcome: 'not-applied' },
  KV_DISK_FULL: { retryable: true, outcome: 'not-applied' },
  KV_MEMORY_FULL: { retryable: true, outcome: 'not-applied' },
  KV_READ_ONLY: { retryable: false, outcome: 'not-applied' },
  KV_STORAGE_FAILED: { retryable: false, outcome: 'unknown' },
  KV_CORRUPT_RECORD: { retryable: false, outcome: 'not-applied' },
  KV_CORRUPT_STORE: { retryable: false, outcome: 'not-applied' },
  KV_CORRUPT_BACKUP: { retryable: false, outcome: 'not-applied' },
  KV_LOCKED: { retryable: true, outcome: 'not-applied' },
  KV_CURSOR_EXPIRED: { retryable: false, outcome: 'not-applied' },
  KV_CLOSED: { retryable: false, outcome: 'not-applied' },
} as const

/** Every code the engine throws. */
export type StoreErrorCode = keyof typeof traits

/** Whether a failed write may have taken effect all the same. */
export type Outcome = 'not-applied' | 'unknown'

/** `retryable` and `outcome` of every code, as {@link KvError} has them. */
export const storeErrorTraits: Readonly<
  Record<StoreErrorCode, { readonly retryable: boolean; readonly outcome: Outcome }>
> = traits

/** An expected failure. Branch on `code`, never on the text. */
export class KvError extends Error {
  override readonly name = 'KvError'
  /** What failed: one of the table in docs/errors.md. */
  readonly code: StoreErrorCode
  /** The same call may succeed later, with nothing changed about it. */
  readonly retryable: boolean
  readonly outcome: Outcome
  /** By code: what docs/errors.md names, such as `retryAfterMs`; empty where there is nothing to add. */
  readonly details: Readonly<Record<string, string | number>>

  /** `retryable` and `outcome` follow from the code. `cause` is what the system or another part has said. */
  constructor(
    code: StoreErrorCode,
    message: string,
    options: { cause?: unknown; details?: Readonly<Record<string, string | number>> } = {},
  ) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retryable = traits[code].retryable
    this.outcome = traits[code].outcome
    this.details = options.details ?? {}
  }
}

/** The `code` Node gives a failed system call, such as `ENOSPC`. */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** The process, or the system, may open no more files just now. */
export function isOutOfDescriptors(error: unknown): boolean {
  const code = systemErrorCode(error)
  return code === 'EMFILE' || code === 'ENFILE'
}
