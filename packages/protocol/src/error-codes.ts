/**
 * The one table of error codes. The wire mapping, docs/errors.md, the SDK and the CLI's exit codes follow it.
 *
 * - `retryable`: the same request, unchanged, may succeed later or on another node. Whether it may be sent
 *   again without doing its work twice is for `outcome` to say.
 * - `outcome`: whether a write that failed so may have taken effect all the same.
 */
export type Outcome = 'not-applied' | 'unknown'

export interface ErrorTraits {
  readonly retryable: boolean
  readonly outcome: Outcome
  readonly description: string
}

const table = {
  KV_BAD_REQUEST: {
    retryable: false,
    outcome: 'not-applied',
    description: 'The request is malformed or asks for what this server cannot do.',
  },
  KV_UNAUTHENTICATED: {
    retryable: false,
    outcome: 'not-applied',
    description: 'The credentials are missing or wrong.',
  },
  KV_FORBIDDEN: {
    retryable: false,
    outcome: 'not-applied',
    description: 'The role or its key prefixes do not allow this.',
  },
  KV_KEY_TOO_LARGE: {
    retryable: false,
    outcome: 'not-applied',
    description: 'A key is over keyBytesMax.',
  },
  KV_VALUE_TOO_LARGE: {
    retryable: false,
    outcome: 'not-applied',
    description: 'A value is over valueBytesMax.',
  },
  KV_BATCH_TOO_LARGE: {
    retryable: false,
    outcome: 'not-applied',
    description: 'A batch or its answer is over batchOpsMax or batchBytesMax.',
  },
  KV_VERSION_MISMATCH: {
    retryable: false,
    outcome: 'not-applied',
    description: 'A condition does not hold; details.version is the current version.',
  },
  KV_NOT_LEADER: {
    retryable: true,
    outcome: 'not-applied',
    description: 'Another node leads; details.leader names it where known.',
  },
  KV_NO_LEADER: {
    retryable: true,
    outcome: 'not-applied',
    description: 'No node leads at present.',
  },
  KV_TRY_LATER: {
    retryable: true,
    outcome: 'not-applied',
    description: 'The server is at a limit; details.retryAfterMs says when to try again.',
  },
  KV_DISK_FULL: {
    retryable: true,
    outcome: 'not-applied',
    description:
      'The disk is full, or down to its reserve; nothing was written; reads, deletes and merges go on.',
  },
  KV_MEMORY_FULL: {
    retryable: true,
    outcome: 'not-applied',
    description: 'The keydir is at its cap; new keys are refused, all else goes on.',
  },
  KV_READ_ONLY: {
    retryable: false,
    outcome: 'not-applied',
    description: 'The store takes no writes.',
  },
  KV_STALE: {
    retryable: true,
    outcome: 'not-applied',
    description: 'The node is behind the staleness bound the read asked for.',
  },
  KV_TIMEOUT: {
    retryable: true,
    outcome: 'not-applied',
    description: 'The deadline passed before the work began, or during a read.',
  },
  KV_CANCELLED: {
    retryable: false,
    outcome: 'unknown',
    description: 'The caller gave the request up; a write in flight may still take effect.',
  },
  KV_OUTCOME_UNKNOWN: {
    retryable: true,
    outcome: 'unknown',
    description: 'The write was sent, its answer is lost; it may or may not take effect.',
  },
  KV_SESSION_EXPIRED: {
    retryable: false,
    outcome: 'unknown',
    description: 'The session is gone, so a repeated write cannot be recognised.',
  },
  KV_CORRUPT_RECORD: {
    retryable: false,
    outcome: 'not-applied',
    description: 'A record on disk is damaged; others are not affected.',
  },
  KV_CORRUPT_STORE: {
    retryable: false,
    outcome: 'not-applied',
    description: 'The files of the store contradict each other.',
  },
  KV_CORRUPT_BACKUP: {
    retryable: false,
    outcome: 'not-applied',
    description: 'A backup is damaged or incomplete; details.path names the file.',
  },
  KV_STORAGE_FAILED: {
    retryable: false,
    outcome: 'unknown',
    description: 'A write or sync of the disk failed; the server ends.',
  },
  KV_LOCKED: {
    retryable: true,
    outcome: 'not-applied',
    description: 'Another process holds the data directory.',
  },
  KV_CLOSED: {
    retryable: false,
    outcome: 'not-applied',
    description: 'The store or client was closed by its owner.',
  },
  KV_CURSOR_EXPIRED: {
    retryable: false,
    outcome: 'not-applied',
    description: 'The cursor of a range is gone; begin again from the resume key.',
  },
  KV_SHUTTING_DOWN: {
    retryable: true,
    outcome: 'not-applied',
    description: 'The server is stopping and takes nothing new.',
  },
  KV_UNSUPPORTED_VERSION: {
    retryable: false,
    outcome: 'not-applied',
    description: "No common protocol version; details.versions are the server's.",
  },
  KV_UNREACHABLE: {
    retryable: true,
    outcome: 'not-applied',
    description: 'The client reached no server; nothing was sent.',
  },
  KV_BAD_ANSWER: {
    retryable: false,
    outcome: 'unknown',
    description: 'The client did not understand the answer and left the connection.',
  },
  KV_INTERNAL: {
    retryable: false,
    outcome: 'unknown',
    description: 'A failure that has no code of its own; the server logs it.',
  },
} as const

export type ErrorCode = keyof typeof table

export const errorTable: Readonly<Record<ErrorCode, ErrorTraits>> = table

export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(table, code)
}
