/** Reads answers as strictly as requests: an SDK may face a broken or hostile server. */
import type { Answer, AnswerByKind, Found, HelloAnswer, RangeEntry } from './answer.ts'
import { unreachable } from './assert.ts'
import { errorFromWire, KvError, malformed } from './errors.ts'
import type { RequestKind } from './kinds.ts'
import { answerFieldCounts, durabilities, errorFieldCount, statusCodes } from './kinds.ts'
import type { ServerLimits } from './limits.ts'
import {
  answerEntriesMax,
  detailsElementsMax,
  errorCodeBytesMax,
  errorMessageBytesMax,
  nameBytesMax,
  reportElementsMax,
} from './limits.ts'
import { MsgpackReader } from './msgpack-reader.ts'

/**
 * The answer to a request of `kind`, or the error the server sent. Throws KV_BAD_ANSWER for what is neither:
 * then what the connection says can no longer be trusted. Values are views of the payload.
 */
export function decodeAnswer<Kind extends RequestKind>(
  payload: Buffer,
  kind: Kind,
): AnswerByKind<Buffer>[Kind] | KvError {
  try {
    const reader = new MsgpackReader(payload)
    const count = reader.array()
    reader.uint()
    const answer = readAnswer(reader, count - 2, kind)
    reader.end()
    // `readFields` answers in kind; the compiler cannot follow a generic through a switch.
    return answer as AnswerByKind<Buffer>[Kind] | KvError
  } catch (error) {
    throw badAnswer(error)
  }
}

/** The error of an answer with request id 0, which is about the connection. */
export function decodeConnectionError(payload: Buffer): KvError {
  const answer = decodeAnswer(payload, 'ping')
  return answer instanceof KvError ? answer : badAnswer(malformed('an answer to no request'))
}

function badAnswer(error: unknown): KvError {
  if (!(error instanceof KvError)) throw error
  return new KvError('KV_BAD_ANSWER', error.message, { cause: error })
}

function readAnswer(
  reader: MsgpackReader,
  fields: number,
  kind: RequestKind,
): Answer<Buffer> | KvError {
  const status = reader.uint()
  const expected = status === statusCodes.ok ? answerFieldCounts[kind] : errorFieldCount
  if (fields !== expected) throw malformed('an answer has another length than its kind')
  if (status === statusCodes.ok) return readFields(reader, kind)
  if (status === statusCodes.error) return readError(reader)
  throw malformed('a status is neither ok nor error')
}

/** Fields stand in the literals in wire order, which is the order of evaluation. */
function readFields(reader: MsgpackReader, kind: RequestKind): Answer<Buffer> {
  switch (kind) {
    case 'put':
    case 'batch':
      return {
        kind,
        version: reader.uint(),
        term: reader.uint(),
        durability: reader.name(durabilities),
      }
    case 'get':
      return { kind, found: readFound(reader) }
    case 'getMany':
      return { kind, found: readList(reader, readFound) }
    case 'delete':
      return {
        kind,
        existed: reader.bool(),
        version: readUint(reader),
        term: reader.uint(),
        durability: reader.name(durabilities),
      }
    case 'range':
      return {
        kind,
        entries: readList(reader, readEntry),
        more: reader.bool(),
        resumeKey: readBin(reader),
      }
    case 'hello':
      return readHello(reader)
    case 'ping':
      return { kind, index: reader.uint() }
    case 'stats':
      return { kind, stats: reader.plainMap(reportElementsMax) }
    case 'merge':
      return { kind, report: reader.plainMap(reportElementsMax) }
    default:
      return unreachable(kind)
  }
}

function readList<Item>(reader: MsgpackReader, read: (reader: MsgpackReader) => Item): Item[] {
  const count = reader.array()
  if (count > answerEntriesMax) throw malformed('an answer has too many entries')
  const items: Item[] = []
  for (let index = 0; index < count; index++) items.push(read(reader))
  return items
}

function readFound(reader: MsgpackReader): Found<Buffer> | undefined {
  if (reader.takeNil()) return undefined
  reader.tuple(3)
  return { value: reader.bin(), version: reader.uint(), expiresAt: readUint(reader) }
}

function readEntry(reader: MsgpackReader): RangeEntry<Buffer> {
  reader.tuple(3)
  return { key: reader.bin(), value: readBin(reader), version: reader.uint() }
}

function readHello(reader: MsgpackReader): HelloAnswer {
  return {
    kind: 'hello',
    version: reader.uint(),
    nodeId: reader.str(nameBytesMax),
    clusterId: reader.str(nameBytesMax),
    limits: readLimits(reader),
    leaderHint: reader.takeNil() ? undefined : reader.str(nameBytesMax),
    serverVersion: reader.str(nameBytesMax),
  }
}

function readLimits(reader: MsgpackReader): ServerLimits {
  reader.tuple(6)
  return {
    keyBytesMax: reader.uint(),
    valueBytesMax: reader.uint(),
    batchBytesMax: reader.uint(),
    batchOpsMax: reader.uint(),
    frameBytesMax: reader.uint(),
    inFlightMax: reader.uint(),
  }
}

function readError(reader: MsgpackReader): KvError {
  const code = reader.str(errorCodeBytesMax)
  const message = reader.str(errorMessageBytesMax)
  const details = reader.takeNil() ? undefined : reader.plainMap(detailsElementsMax)
  return errorFromWire(code, message, details)
}

function readUint(reader: MsgpackReader): number | undefined {
  return reader.takeNil() ? undefined : reader.uint()
}

function readBin(reader: MsgpackReader): Buffer | undefined {
  return reader.takeNil() ? undefined : reader.bin()
}
