/**
 * What `kv` ends with. Codes, once given, are never used for anything else; README.md lists them.
 *
 * | codes | meaning |
 * |---|---|
 * | 0 | done; also when the reader of a pipe has gone |
 * | 1 | there is no such key |
 * | 2 | repaired, and something was lost |
 * | 10 to 29 | refused, nothing was changed; the same again is refused again |
 * | 30 to 39 | not done, nothing was changed; the same may succeed later |
 * | 40 to 49 | unknown whether a write took effect |
 * | 64 to 79 | the command line, its files or `kv` itself (as in sysexits.h) |
 * | 130, 143 | ended by a signal |
 */
import type { ErrorCode } from '@kv/client'

export const doneExitCode = 0
export const notFoundExitCode = 1
export const lostExitCode = 2

export const errorExitCodes: Readonly<Record<ErrorCode, number>> = {
  KV_BAD_REQUEST: 10,
  KV_UNAUTHENTICATED: 11,
  KV_FORBIDDEN: 12,
  KV_KEY_TOO_LARGE: 13,
  KV_VALUE_TOO_LARGE: 14,
  KV_BATCH_TOO_LARGE: 15,
  KV_VERSION_MISMATCH: 16,
  KV_READ_ONLY: 17,
  KV_UNSUPPORTED_VERSION: 18,
  KV_CURSOR_EXPIRED: 19,
  KV_CLOSED: 20,
  KV_CORRUPT_RECORD: 21,
  KV_CORRUPT_STORE: 22,
  KV_CORRUPT_BACKUP: 23,
  KV_UNREACHABLE: 30,
  KV_TIMEOUT: 31,
  KV_TRY_LATER: 32,
  KV_NO_LEADER: 33,
  KV_NOT_LEADER: 34,
  KV_SHUTTING_DOWN: 35,
  KV_DISK_FULL: 36,
  KV_MEMORY_FULL: 37,
  KV_STALE: 38,
  KV_LOCKED: 39,
  KV_OUTCOME_UNKNOWN: 40,
  KV_CANCELLED: 41,
  KV_SESSION_EXPIRED: 42,
  KV_STORAGE_FAILED: 43,
  KV_BAD_ANSWER: 44,
  KV_INTERNAL: 45,
}

/** Failures on this side of the wire. */
const cliTable = {
  CLI_USAGE: 64,
  CLI_BAD_INPUT: 65,
  CLI_NO_INPUT: 66,
  CLI_INTERNAL: 70,
  CLI_CANNOT_CREATE: 73,
  CLI_IO: 74,
  CLI_INTERRUPTED: 130,
  CLI_TERMINATED: 143,
} as const

export type CliErrorCode = keyof typeof cliTable

export const cliExitCodes: Readonly<Record<CliErrorCode, number>> = cliTable
