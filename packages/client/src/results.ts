/** What calls return, and how it is read from the server's answers. */
import type {
  BatchAnswer,
  DeleteAnswer,
  Durability,
  Found,
  GetAnswer,
  GetManyAnswer,
  PingAnswer,
  PutAnswer,
} from '@kv/protocol'
import { KvError } from '@kv/protocol'

export interface PutResult {
  readonly version: number
  /** What was reached: at least what was asked for. */
  readonly durability: Durability
}

export interface GetResult {
  /** The caller's own. */
  readonly value: Buffer
  readonly version: number
  /** When the key is gone, ms since the epoch. Left out when it stays. */
  readonly expiresAt?: number
}

export interface DeleteResult {
  readonly existed: boolean
  /** Of the delete; undefined when there was nothing to delete. */
  readonly version: number | undefined
  readonly durability: Durability
}

export interface BatchResult {
  /** Of the first operation; the i-th has this + i. */
  readonly version: number
  readonly durability: Durability
}

export interface PingResult {
  /** The version of the server's newest record. */
  readonly index: number
}

export function putResult({ version, durability }: PutAnswer): PutResult {
  return { version, durability }
}

export function batchResult({ version, durability }: BatchAnswer): BatchResult {
  return { version, durability }
}

export function pingResult({ index }: PingAnswer): PingResult {
  return { index }
}

export function deleteResult({ existed, version, durability }: DeleteAnswer): DeleteResult {
  return { existed, version, durability }
}

export function getResult({ found }: GetAnswer<Buffer>): GetResult | undefined {
  return found === undefined ? undefined : resultOf(found)
}

/** Throws KV_BAD_ANSWER unless there is an answer for each key: results go by position. */
export function getManyResult(
  { found }: GetManyAnswer<Buffer>,
  keys: number,
): (GetResult | undefined)[] {
  if (found.length !== keys) {
    throw new KvError('KV_BAD_ANSWER', `${found.length} answers to a getMany of ${keys} keys`)
  }
  return found.map((each) => (each === undefined ? undefined : resultOf(each)))
}

function resultOf({ value, version, expiresAt }: Found<Buffer>): GetResult {
  const result = { value: ownValue(value), version }
  return expiresAt === undefined ? result : { ...result, expiresAt }
}

/**
 * A decoded value is a view of everything that came with it, up to a frame or a socket read. Small ones are
 * copied, so that keeping one does not keep all of it.
 */
export function ownValue(view: Buffer): Buffer {
  return 2 * view.length < view.buffer.byteLength ? Buffer.from(view) : view
}
