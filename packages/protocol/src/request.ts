/**
 * What a client may ask. `B` is what keys and values are: any bytes when a request is written, views of
 * the frame (`Buffer`) when it was read. Absent options mean the server's default.
 *
 * The request id is not part of a request: it belongs to the connection it travels on.
 */
import type { Consistency, Durability, MergeAction } from './kinds.ts'

export type Request<B extends Uint8Array = Uint8Array> =
  | HelloRequest
  | PingRequest
  | PutRequest<B>
  | GetRequest<B>
  | GetManyRequest<B>
  | DeleteRequest<B>
  | BatchRequest<B>
  | RangeRequest<B>
  | StatsRequest
  | MergeRequest

/** What every request may carry. */
export interface Contextual {
  readonly context?: RequestContext | undefined
}

export interface RequestContext {
  /** Work that has not begun after so long is dropped and answered with KV_TIMEOUT. */
  readonly timeoutMs?: number | undefined
  /** A W3C traceparent, passed on as it is. */
  readonly traceContext?: string | undefined
}

/** The first message of a connection. */
export interface HelloRequest extends Contextual {
  readonly kind: 'hello'
  readonly versions: readonly number[]
  /** For logs and stats, such as `kv-client/0.1.0`. */
  readonly clientName: string
  /** Credentials; no server of this version asks for them. */
  readonly token?: string | undefined
}

export interface PingRequest extends Contextual {
  readonly kind: 'ping'
}

export interface PutRequest<B extends Uint8Array = Uint8Array> extends Contextual {
  readonly kind: 'put'
  readonly key: B
  readonly value: B
  readonly options?: PutOptions | undefined
}

/** A session makes a repeated write take effect once: its id, the write's number in it, the lowest number awaited. */
export interface WriteOptions {
  readonly durability?: Durability | undefined
  readonly session?: number | undefined
  readonly seq?: number | undefined
  readonly ackLow?: number | undefined
}

export interface PutConditions {
  /** Only if the key's current version is this one. */
  readonly ifVersion?: number | undefined
  /** Only if the key does not exist. */
  readonly ifAbsent?: boolean | undefined
}

export interface DeleteConditions {
  readonly ifVersion?: number | undefined
}

export interface PutOptions extends WriteOptions, PutConditions {
  readonly ttlMs?: number | undefined
}

export interface DeleteOptions extends WriteOptions, DeleteConditions {}

export interface ReadOptions {
  readonly consistency?: Consistency | undefined
  /** With `bounded`. */
  readonly maxStalenessMs?: number | undefined
  /** Wait until this index is applied. */
  readonly minIndex?: number | undefined
}

export interface GetRequest<B extends Uint8Array = Uint8Array> extends Contextual {
  readonly kind: 'get'
  readonly key: B
  readonly options?: ReadOptions | undefined
}

export interface GetManyRequest<B extends Uint8Array = Uint8Array> extends Contextual {
  readonly kind: 'getMany'
  readonly keys: readonly B[]
  readonly options?: ReadOptions | undefined
}

export interface DeleteRequest<B extends Uint8Array = Uint8Array> extends Contextual {
  readonly kind: 'delete'
  readonly key: B
  readonly options?: DeleteOptions | undefined
}

/** All of the operations take effect, or none; in this order. */
export interface BatchRequest<B extends Uint8Array = Uint8Array> extends Contextual {
  readonly kind: 'batch'
  readonly operations: readonly Operation<B>[]
  readonly options?: WriteOptions | undefined
}

export type Operation<B extends Uint8Array = Uint8Array> = PutOperation<B> | DeleteOperation<B>

export interface PutOperation<B extends Uint8Array = Uint8Array> {
  readonly type: 'put'
  readonly key: B
  readonly value: B
  readonly conditions?: PutConditions | undefined
}

export interface DeleteOperation<B extends Uint8Array = Uint8Array> {
  readonly type: 'delete'
  readonly key: B
  readonly conditions?: DeleteConditions | undefined
}

/** One page. The next is a new request whose bound is the resume key: `gt` it, or `lt` it when reversed. */
export interface RangeRequest<B extends Uint8Array = Uint8Array> extends Contextual {
  readonly kind: 'range'
  readonly bounds: Bounds<B>
  readonly reverse: boolean
  /** Keys of this page; the server may send fewer and say `more`. */
  readonly limit?: number | undefined
  /** Bytes of keys and values of this page; one entry is sent even if larger. */
  readonly bytesMax?: number | undefined
  readonly keysOnly: boolean
  readonly options?: ReadOptions | undefined
}

/** Keys that meet all of the given ones. Not `gte` and `gt` together, nor `lte` and `lt`. */
export interface Bounds<B extends Uint8Array = Uint8Array> {
  readonly gte?: B | undefined
  readonly gt?: B | undefined
  readonly lte?: B | undefined
  readonly lt?: B | undefined
  readonly prefix?: B | undefined
}

export interface StatsRequest extends Contextual {
  readonly kind: 'stats'
}

export interface MergeRequest extends Contextual {
  readonly kind: 'merge'
  readonly action: MergeAction
}
