/** Reads requests, strictly, in one pass. Keys and values are views of the payload. */
import { unreachable } from './assert.ts'
import { KvError, malformed } from './errors.ts'
import type { RequestKind } from './kinds.ts'
import {
  consistencies,
  durabilities,
  mergeActions,
  operationCodes,
  requestFieldCounts,
  requestKinds,
} from './kinds.ts'
import {
  clientNameBytesMax,
  helloVersionsMax,
  serverLimitsDefault,
  tokenBytesMax,
  traceContextBytesMax,
} from './limits.ts'
import { MsgpackReader } from './msgpack-reader.ts'
import type {
  Bounds,
  DeleteOptions,
  HelloRequest,
  Operation,
  PutOptions,
  RangeRequest,
  ReadOptions,
  Request,
  RequestContext,
  WriteOptions,
} from './request.ts'
import { readRequestId } from './request-id.ts'

/** What a request may hold before anything is allocated for it. */
export interface RequestLimits {
  readonly batchOpsMax: number
}

/**
 * Throws KV_BAD_REQUEST for what is no request of ours, KV_BATCH_TOO_LARGE for more operations or keys
 * than the limit. Whether keys and values are too large is for the server to say.
 */
export function decodeRequest(
  payload: Buffer,
  limits: RequestLimits = serverLimitsDefault,
): Request<Buffer> {
  const reader = new MsgpackReader(payload)
  const count = reader.array()
  readRequestId(reader)
  const kind = reader.name(requestKinds)
  const extra = count - 2 - requestFieldCounts[kind]
  if (extra !== 0 && extra !== 1) throw malformed('a request has another length than its kind')
  const request = readFields(reader, kind, extra === 1, limits)
  reader.end()
  return request
}

/** The only message there may be before hello is answered: nothing else is even looked at. */
export function decodeHello(payload: Buffer): HelloRequest {
  const reader = new MsgpackReader(payload)
  reader.array()
  readRequestId(reader)
  if (reader.name(requestKinds) !== 'hello') throw malformed('the first message is not hello')
  return decodeRequest(payload) as HelloRequest
}

/** Fields stand in the literals in wire order, which is the order of evaluation. */
function readFields(
  reader: MsgpackReader,
  kind: RequestKind,
  hasContext: boolean,
  limits: RequestLimits,
): Request<Buffer> {
  switch (kind) {
    case 'put':
      return {
        kind,
        key: reader.bin(),
        value: reader.bin(),
        options: readPutOptions(reader),
        context: readContext(reader, hasContext),
      }
    case 'get':
      return {
        kind,
        key: reader.bin(),
        options: readReadOptions(reader),
        context: readContext(reader, hasContext),
      }
    case 'getMany':
      return {
        kind,
        keys: readList(reader, limits, readKey),
        options: readReadOptions(reader),
        context: readContext(reader, hasContext),
      }
    case 'delete':
      return {
        kind,
        key: reader.bin(),
        options: readDeleteOptions(reader),
        context: readContext(reader, hasContext),
      }
    case 'batch':
      return {
        kind,
        operations: readList(reader, limits, readOperation),
        options: readWriteOptions(reader),
        context: readContext(reader, hasContext),
      }
    case 'range':
      return readRange(reader, hasContext)
    case 'hello':
      return {
        kind,
        versions: readVersions(reader),
        clientName: reader.str(clientNameBytesMax),
        token: readText(reader, tokenBytesMax),
        context: readContext(reader, hasContext),
      }
    case 'merge':
      return { kind, action: reader.name(mergeActions), context: readContext(reader, hasContext) }
    case 'ping':
    case 'stats':
      return { kind, context: readContext(reader, hasContext) }
    default:
      return unreachable(kind)
  }
}

function readList<Item>(
  reader: MsgpackReader,
  limits: RequestLimits,
  read: (reader: MsgpackReader) => Item,
): Item[] {
  const count = reader.array()
  if (count > limits.batchOpsMax) {
    throw new KvError(
      'KV_BATCH_TOO_LARGE',
      `${count} operations or keys, the limit is ${limits.batchOpsMax}; nothing was done: split them`,
    )
  }
  const items: Item[] = []
  for (let index = 0; index < count; index++) items.push(read(reader))
  return items
}

function readKey(reader: MsgpackReader): Buffer {
  return reader.bin()
}

function readOperation(reader: MsgpackReader): Operation<Buffer> {
  reader.tuple(4)
  const code = reader.uint()
  if (code === operationCodes.put) {
    return {
      type: 'put',
      key: reader.bin(),
      value: reader.bin(),
      conditions: readPutConditions(reader),
    }
  }
  if (code !== operationCodes.delete) throw malformed('an operation is neither put nor delete')
  const key = reader.bin()
  if (!reader.takeNil()) throw malformed('a delete has a value')
  return { type: 'delete', key, conditions: readDeleteConditions(reader) }
}

function readPutConditions(reader: MsgpackReader): Operation<Buffer>['conditions'] {
  const count = reader.optionCount(2)
  if (count === 0) return undefined
  return { ifVersion: readUint(reader, count > 0), ifAbsent: readBool(reader, count > 1) }
}

function readDeleteConditions(reader: MsgpackReader): Operation<Buffer>['conditions'] {
  const count = reader.optionCount(1)
  return count === 0 ? undefined : { ifVersion: readUint(reader, count > 0) }
}

function readPutOptions(reader: MsgpackReader): PutOptions | undefined {
  const count = reader.optionCount(7)
  if (count === 0) return undefined
  return {
    ifVersion: readUint(reader, count > 0),
    ifAbsent: readBool(reader, count > 1),
    ttlMs: readUint(reader, count > 2),
    durability: readName(reader, count > 3, durabilities),
    session: readUint(reader, count > 4),
    seq: readUint(reader, count > 5),
    ackLow: readUint(reader, count > 6),
  }
}

function readDeleteOptions(reader: MsgpackReader): DeleteOptions | undefined {
  const count = reader.optionCount(5)
  if (count === 0) return undefined
  return {
    ifVersion: readUint(reader, count > 0),
    durability: readName(reader, count > 1, durabilities),
    session: readUint(reader, count > 2),
    seq: readUint(reader, count > 3),
    ackLow: readUint(reader, count > 4),
  }
}

function readWriteOptions(reader: MsgpackReader): WriteOptions | undefined {
  const count = reader.optionCount(4)
  if (count === 0) return undefined
  return {
    durability: readName(reader, count > 0, durabilities),
    session: readUint(reader, count > 1),
    seq: readUint(reader, count > 2),
    ackLow: readUint(reader, count > 3),
  }
}

function readReadOptions(reader: MsgpackReader): ReadOptions | undefined {
  const count = reader.optionCount(3)
  if (count === 0) return undefined
  return {
    consistency: readName(reader, count > 0, consistencies),
    maxStalenessMs: readUint(reader, count > 1),
    minIndex: readUint(reader, count > 2),
  }
}

function readRange(reader: MsgpackReader, hasContext: boolean): RangeRequest<Buffer> {
  return {
    kind: 'range',
    bounds: readBounds(reader),
    reverse: reader.bool(),
    limit: readUint(reader, true),
    bytesMax: readUint(reader, true),
    keysOnly: reader.bool(),
    options: readReadOptions(reader),
    context: readContext(reader, hasContext),
  }
}

function readBounds(reader: MsgpackReader): Bounds<Buffer> {
  const count = reader.optionCount(5)
  return {
    gte: readBin(reader, count > 0),
    gt: readBin(reader, count > 1),
    lte: readBin(reader, count > 2),
    lt: readBin(reader, count > 3),
    prefix: readBin(reader, count > 4),
  }
}

function readVersions(reader: MsgpackReader): number[] {
  const count = reader.array()
  if (count > helloVersionsMax) throw malformed('too many versions')
  const versions: number[] = []
  for (let index = 0; index < count; index++) versions.push(reader.uint())
  return versions
}

function readContext(reader: MsgpackReader, present: boolean): RequestContext | undefined {
  if (!present) return undefined
  const count = reader.optionCount(2)
  if (count === 0) return undefined
  return {
    timeoutMs: readUint(reader, count > 0),
    traceContext: count > 1 ? readText(reader, traceContextBytesMax) : undefined,
  }
}

/** A field that may be nil, or left off with those behind it: then it is not `present`. */
function readUint(reader: MsgpackReader, present: boolean): number | undefined {
  return !present || reader.takeNil() ? undefined : reader.uint()
}

function readBool(reader: MsgpackReader, present: boolean): boolean | undefined {
  return !present || reader.takeNil() ? undefined : reader.bool()
}

function readBin(reader: MsgpackReader, present: boolean): Buffer | undefined {
  return !present || reader.takeNil() ? undefined : reader.bin()
}

function readName<Name extends string>(
  reader: MsgpackReader,
  present: boolean,
  names: readonly (Name | undefined)[],
): Name | undefined {
  return !present || reader.takeNil() ? undefined : reader.name(names)
}

function readText(reader: MsgpackReader, bytesMax: number): string | undefined {
  return reader.takeNil() ? undefined : reader.str(bytesMax)
}
