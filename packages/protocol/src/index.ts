export type {
  Answer,
  AnswerByKind,
  BatchAnswer,
  DeleteAnswer,
  Found,
  GetAnswer,
  GetManyAnswer,
  HelloAnswer,
  MergeAnswer,
  PingAnswer,
  PutAnswer,
  RangeAnswer,
  RangeEntry,
  StatsAnswer,
  Written,
} from './answer.ts'
export { decodeAnswer, decodeConnectionError } from './answer-decoder.ts'
export { encodeAnswer } from './answer-encoder.ts'
export { describeAnswer, describeKey, describeRequest } from './describe.ts'
export type { ErrorCode, ErrorTraits, Outcome } from './error-codes.ts'
export { errorTable, isErrorCode } from './error-codes.ts'
export type { KvErrorOptions } from './errors.ts'
export { KvError } from './errors.ts'
export { FrameDecoder } from './frame-decoder.ts'
export type { Encode } from './frame-writer.ts'
export { FrameWriter } from './frame-writer.ts'
export type { Consistency, Durability, MergeAction, RequestKind } from './kinds.ts'
export { durabilityCodes, requestKindCodes } from './kinds.ts'
export type { ServerLimits } from './limits.ts'
export {
  frameBytesMaxOf,
  helloFrameBytesMax,
  rangePageBytesMax,
  rangePageKeysMax,
  serverLimitsDefault,
} from './limits.ts'
export type { Plain, PlainMap } from './plain.ts'
export type {
  BatchRequest,
  Bounds,
  Contextual,
  DeleteConditions,
  DeleteOperation,
  DeleteOptions,
  DeleteRequest,
  GetManyRequest,
  GetRequest,
  HelloRequest,
  MergeRequest,
  Operation,
  PingRequest,
  PutConditions,
  PutOperation,
  PutOptions,
  PutRequest,
  RangeRequest,
  ReadOptions,
  Request,
  RequestContext,
  StatsRequest,
  WriteOptions,
} from './request.ts'
export type { RequestLimits } from './request-decoder.ts'
export { decodeHello, decodeRequest } from './request-decoder.ts'
export { encodeRequest } from './request-encoder.ts'
export { requestIdOf } from './request-id.ts'
export { negotiateVersion, protocolVersions } from './version.ts'
