/** Writes requests: `[requestId, kind, ...fields]`, and the context behind them where there is one. */
import { assert, unreachable } from './assert.ts'
import {
  consistencyCodes,
  durabilityCodes,
  mergeActionCodes,
  operationCodes,
  requestFieldCounts,
  requestKindCodes,
} from './kinds.ts'
import { clientNameBytesMax, tokenBytesMax, traceContextBytesMax } from './limits.ts'
import type { MsgpackWriter } from './msgpack-writer.ts'
import type {
  Bounds,
  Operation,
  PutConditions,
  RangeRequest,
  ReadOptions,
  Request,
  RequestContext,
  WriteOptions,
} from './request.ts'

/** `requestId`: 1 to 2^32 - 1, unique among the unanswered ones of the connection. */
export function encodeRequest(out: MsgpackWriter, requestId: number, request: Request): void {
  assert(requestId > 0 && requestId <= 0xffff_ffff, 'request id from 1 to 2^32 - 1')
  const { kind, context } = request
  out.array(2 + requestFieldCounts[kind] + (context === undefined ? 0 : 1))
  out.uint(requestId)
  out.uint(requestKindCodes[kind])
  writeFields(out, request)
  if (context !== undefined) writeContext(out, context)
}

function writeFields(out: MsgpackWriter, request: Request): void {
  switch (request.kind) {
    case 'put':
      out.bin(request.key)
      out.bin(request.value)
      return writePutOptions(out, request.options)
    case 'get':
      out.bin(request.key)
      return writeReadOptions(out, request.options)
    case 'getMany':
      out.array(request.keys.length)
      for (const key of request.keys) out.bin(key)
      return writeReadOptions(out, request.options)
    case 'delete':
      out.bin(request.key)
      return writeDeleteOptions(out, request.options)
    case 'batch':
      out.array(request.operations.length)
      for (const operation of request.operations) writeOperation(out, operation)
      return writeWriteOptions(out, request.options)
    case 'range':
      return writeRange(out, request)
    case 'hello':
      out.array(request.versions.length)
      for (const version of request.versions) out.uint(version)
      out.str(request.clientName, clientNameBytesMax)
      return writeText(out, request.token, tokenBytesMax)
    case 'merge':
      return out.uint(mergeActionCodes[request.action])
    case 'ping':
    case 'stats':
      return
    default:
      unreachable(request)
  }
}

function writePutOptions(
  out: MsgpackWriter,
  options: (WriteOptions & PutConditions & { readonly ttlMs?: number | undefined }) | undefined,
): void {
  if (options === undefined) return out.nil()
  writeOptional(out, [
    options.ifVersion,
    options.ifAbsent,
    options.ttlMs,
    ...writeFieldsOf(options),
  ])
}

function writeDeleteOptions(
  out: MsgpackWriter,
  options: (WriteOptions & { readonly ifVersion?: number | undefined }) | undefined,
): void {
  if (options === undefined) return out.nil()
  writeOptional(out, [options.ifVersion, ...writeFieldsOf(options)])
}

function writeWriteOptions(out: MsgpackWriter, options: WriteOptions | undefined): void {
  if (options === undefined) return out.nil()
  writeOptional(out, writeFieldsOf(options))
}

function writeFieldsOf(options: WriteOptions): (number | undefined)[] {
  const { durability } = options
  return [
    durability === undefined ? undefined : durabilityCodes[durability],
    options.session,
    options.seq,
    options.ackLow,
  ]
}

function writeReadOptions(out: MsgpackWriter, options: ReadOptions | undefined): void {
  if (options === undefined) return out.nil()
  const { consistency } = options
  writeOptional(out, [
    consistency === undefined ? undefined : consistencyCodes[consistency],
    options.maxStalenessMs,
    options.minIndex,
  ])
}

function writeOperation(out: MsgpackWriter, operation: Operation): void {
  out.array(4)
  out.uint(operationCodes[operation.type])
  out.bin(operation.key)
  if (operation.type === 'put') {
    const { conditions } = operation
    out.bin(operation.value)
    writeOptional(out, conditions ? [conditions.ifVersion, conditions.ifAbsent] : [])
  } else {
    out.nil()
    writeOptional(out, operation.conditions ? [operation.conditions.ifVersion] : [])
  }
}

function writeRange(out: MsgpackWriter, request: RangeRequest): void {
  writeBounds(out, request.bounds)
  out.bool(request.reverse)
  writeUint(out, request.limit)
  writeUint(out, request.bytesMax)
  out.bool(request.keysOnly)
  writeReadOptions(out, request.options)
}

function writeBounds(out: MsgpackWriter, bounds: Bounds): void {
  writeOptional(out, [bounds.gte, bounds.gt, bounds.lte, bounds.lt, bounds.prefix])
}

function writeContext(out: MsgpackWriter, context: RequestContext): void {
  out.array(2)
  writeUint(out, context.timeoutMs)
  writeText(out, context.traceContext, traceContextBytesMax)
}

/** A list whose absent fields are nil; those at its end are left off, and an empty one is nil itself. */
function writeOptional(
  out: MsgpackWriter,
  fields: readonly (number | boolean | Uint8Array | undefined)[],
): void {
  let count = fields.length
  while (count > 0 && fields[count - 1] === undefined) count--
  if (count === 0) return out.nil()
  out.array(count)
  for (let index = 0; index < count; index++) {
    const field = fields[index]
    if (field === undefined) out.nil()
    else if (typeof field === 'number') out.uint(field)
    else if (typeof field === 'boolean') out.bool(field)
    else out.bin(field)
  }
}

function writeUint(out: MsgpackWriter, value: number | undefined): void {
  if (value === undefined) out.nil()
  else out.uint(value)
}

function writeText(out: MsgpackWriter, value: string | undefined, bytesMax: number): void {
  if (value === undefined) out.nil()
  else out.str(value, bytesMax)
}
