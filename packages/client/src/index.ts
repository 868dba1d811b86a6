export type {
  Durability,
  ErrorCode,
  ErrorTraits,
  KvErrorOptions,
  Outcome,
  Plain,
  PlainMap,
  ServerLimits,
} from '@kv/protocol'
export { errorTable, isErrorCode, KvError } from '@kv/protocol'
export type { Batch } from './batch.ts'
export type { Bytes } from './bytes.ts'
export type {
  CallOptions,
  DeleteConditions,
  DeleteOptions,
  PutConditions,
  PutOptions,
  WriteOptions,
} from './call-options.ts'
export type { Client } from './client.ts'
export { connect } from './connect.ts'
export type { ClientCounters } from './counters.ts'
export type { ClientState, ConnectOptions, ReconnectOptions } from './options.ts'
export type { KeyEntry, RangeEntry } from './range.ts'
export type { RangeOptions } from './range-options.ts'
export type { BatchResult, DeleteResult, GetResult, PingResult, PutResult } from './results.ts'
export type { ServerInfo } from './server-info.ts'
