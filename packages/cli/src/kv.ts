/** What the commands need of a client; `Client` of @kv/client has it, and so do the tests' fakes. */
import type {
  BatchResult,
  CallOptions,
  DeleteOptions,
  DeleteResult,
  PingResult,
  PlainMap,
  PutOptions,
  PutResult,
  RangeOptions,
  ServerInfo,
} from '@kv/client'

export interface Kv extends AsyncDisposable, KvWriter {
  readonly server: Pick<ServerInfo, 'limits'>
  put(key: Uint8Array, value: Uint8Array, options?: PutOptions): Promise<PutResult>
  get(key: Uint8Array, options?: CallOptions): Promise<Stored | undefined>
  delete(key: Uint8Array, options?: DeleteOptions): Promise<DeleteResult>
  range(options: RangeOptions): AsyncIterable<Entry>
  stats(options?: CallOptions): Promise<PlainMap>
  merge(options?: CallOptions): Promise<PlainMap>
  pauseMerges(options?: CallOptions): Promise<PlainMap>
  resumeMerges(options?: CallOptions): Promise<PlainMap>
  ping(options?: CallOptions): Promise<PingResult>
}

/** All that an import needs. */
export interface KvWriter {
  batch(): KvBatch
}

export interface KvBatch {
  put(key: Uint8Array, value: Uint8Array): unknown
  commit(options?: CallOptions): Promise<BatchResult>
}

export interface Stored {
  readonly value: Uint8Array
  readonly version: number
  readonly expiresAt?: number
}

export interface Entry {
  readonly key: Uint8Array
  /** Undefined when only keys were asked for. */
  readonly value?: Uint8Array | undefined
  readonly version: number
}
