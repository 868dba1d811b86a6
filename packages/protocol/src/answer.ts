/**
 * What a server answers, by the kind of the request: an answer on the wire does not repeat its kind, the
 * client knows it from the request id. A failed request is answered by a `KvError` instead.
 */
import type { Durability, RequestKind } from './kinds.ts'
import type { ServerLimits } from './limits.ts'
import type { PlainMap } from './plain.ts'

export interface AnswerByKind<B extends Uint8Array = Uint8Array> {
  hello: HelloAnswer
  ping: PingAnswer
  put: PutAnswer
  get: GetAnswer<B>
  getMany: GetManyAnswer<B>
  delete: DeleteAnswer
  batch: BatchAnswer
  range: RangeAnswer<B>
  stats: StatsAnswer
  merge: MergeAnswer
}

export type Answer<B extends Uint8Array = Uint8Array> = AnswerByKind<B>[RequestKind]

export interface HelloAnswer {
  readonly kind: 'hello'
  /** The newest that both sides speak. */
  readonly version: number
  readonly nodeId: string
  readonly clusterId: string
  readonly limits: ServerLimits
  /** Address of the leader; a lone node leads and leaves it out. */
  readonly leaderHint?: string | undefined
  readonly serverVersion: string
}

export interface PingAnswer {
  readonly kind: 'ping'
  /** The server's current index: the version of its newest record. */
  readonly index: number
}

/** Where a write stands in the log, and how safe it is. */
export interface Written {
  readonly term: number
  /** What was reached: at least what was asked for. */
  readonly durability: Durability
}

export interface PutAnswer extends Written {
  readonly kind: 'put'
  readonly version: number
}

export interface DeleteAnswer extends Written {
  readonly kind: 'delete'
  readonly existed: boolean
  /** Absent when the key was: then nothing is logged. */
  readonly version?: number | undefined
}

export interface BatchAnswer extends Written {
  readonly kind: 'batch'
  /** Of the first operation; the i-th has this + i. */
  readonly version: number
}

export interface Found<B extends Uint8Array = Uint8Array> {
  readonly value: B
  readonly version: number
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number | undefined
}

export interface GetAnswer<B extends Uint8Array = Uint8Array> {
  readonly kind: 'get'
  /** Undefined: the key does not exist, which is no error. */
  readonly found: Found<B> | undefined
}

export interface GetManyAnswer<B extends Uint8Array = Uint8Array> {
  readonly kind: 'getMany'
  /** One per key, in the order asked. */
  readonly found: readonly (Found<B> | undefined)[]
}

export interface RangeAnswer<B extends Uint8Array = Uint8Array> {
  readonly kind: 'range'
  readonly entries: readonly RangeEntry<B>[]
  /** Whether the range goes on after this page. */
  readonly more: boolean
  /** The last key looked at; the next page begins behind it. */
  readonly resumeKey?: B | undefined
}

export interface RangeEntry<B extends Uint8Array = Uint8Array> {
  readonly key: B
  /** Undefined with `keysOnly`. */
  readonly value?: B | undefined
  readonly version: number
}

export interface StatsAnswer {
  readonly kind: 'stats'
  readonly stats: PlainMap
}

export interface MergeAnswer {
  readonly kind: 'merge'
  readonly report: PlainMap
}
