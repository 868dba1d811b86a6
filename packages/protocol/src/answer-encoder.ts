/** Writes answers: `[requestId, status, ...fields]`. */
import type { Answer, Found, HelloAnswer, RangeAnswer, Written } from './answer.ts'
import { unreachable } from './assert.ts'
import { KvError } from './errors.ts'
import { answerFieldCounts, durabilityCodes, errorFieldCount, statusCodes } from './kinds.ts'
import type { ServerLimits } from './limits.ts'
import {
  detailsElementsMax,
  errorCodeBytesMax,
  errorMessageBytesMax,
  nameBytesMax,
  reportElementsMax,
} from './limits.ts'
import { packPlainMap } from './msgpack.ts'
import type { MsgpackWriter } from './msgpack-writer.ts'

/** `requestId` is the request's; 0 for an error that is about the connection. */
export function encodeAnswer(
  out: MsgpackWriter,
  requestId: number,
  answer: Answer | KvError,
): void {
  if (answer instanceof KvError) return writeError(out, requestId, answer)
  out.array(2 + answerFieldCounts[answer.kind])
  out.uint(requestId)
  out.uint(statusCodes.ok)
  writeFields(out, answer)
}

function writeFields(out: MsgpackWriter, answer: Answer): void {
  switch (answer.kind) {
    case 'put':
    case 'batch':
      out.uint(answer.version)
      return writeWritten(out, answer)
    case 'get':
      return writeFound(out, answer.found)
    case 'getMany':
      out.array(answer.found.length)
      for (const found of answer.found) writeFound(out, found)
      return
    case 'delete':
      out.bool(answer.existed)
      writeUint(out, answer.version)
      return writeWritten(out, answer)
    case 'range':
      return writeRange(out, answer)
    case 'hello':
      return writeHello(out, answer)
    case 'ping':
      return out.uint(answer.index)
    case 'stats':
      return out.raw(packPlainMap(answer.stats, reportElementsMax))
    case 'merge':
      return out.raw(packPlainMap(answer.report, reportElementsMax))
    default:
      unreachable(answer)
  }
}

function writeWritten(out: MsgpackWriter, written: Written): void {
  out.uint(written.term)
  out.uint(durabilityCodes[written.durability])
}

function writeFound(out: MsgpackWriter, found: Found | undefined): void {
  if (found === undefined) return out.nil()
  out.array(3)
  out.bin(found.value)
  out.uint(found.version)
  writeUint(out, found.expiresAt)
}

function writeRange(out: MsgpackWriter, answer: RangeAnswer): void {
  out.array(answer.entries.length)
  for (const { key, value, version } of answer.entries) {
    out.array(3)
    out.bin(key)
    if (value === undefined) out.nil()
    else out.bin(value)
    out.uint(version)
  }
  out.bool(answer.more)
  if (answer.resumeKey === undefined) out.nil()
  else out.bin(answer.resumeKey)
}

function writeHello(out: MsgpackWriter, answer: HelloAnswer): void {
  out.uint(answer.version)
  out.str(answer.nodeId, nameBytesMax)
  out.str(answer.clusterId, nameBytesMax)
  writeLimits(out, answer.limits)
  if (answer.leaderHint === undefined) out.nil()
  else out.str(answer.leaderHint, nameBytesMax)
  out.str(answer.serverVersion, nameBytesMax)
}

function writeLimits(out: MsgpackWriter, limits: ServerLimits): void {
  out.array(6)
  out.uint(limits.keyBytesMax)
  out.uint(limits.valueBytesMax)
  out.uint(limits.batchBytesMax)
  out.uint(limits.batchOpsMax)
  out.uint(limits.frameBytesMax)
  out.uint(limits.inFlightMax)
}

function writeError(out: MsgpackWriter, requestId: number, error: KvError): void {
  out.array(2 + errorFieldCount)
  out.uint(requestId)
  out.uint(statusCodes.error)
  out.str(error.codeName, errorCodeBytesMax)
  out.str(clipped(error.message), errorMessageBytesMax)
  if (error.details === undefined) out.nil()
  else out.raw(packPlainMap(error.details, detailsElementsMax))
}

/** A UTF-16 unit takes three bytes of UTF-8 at most. */
function clipped(message: string): string {
  return message.slice(0, Math.floor(errorMessageBytesMax / 3))
}

function writeUint(out: MsgpackWriter, value: number | undefined): void {
  if (value === undefined) out.nil()
  else out.uint(value)
}
