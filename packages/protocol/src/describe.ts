/** One line per message, for logs: keys escaped and cut short, sizes, and never a value or a token. */
import type { Answer } from './answer.ts'
import { unreachable } from './assert.ts'
import { KvError } from './errors.ts'
import type { Bounds, Request } from './request.ts'

const keyBytesShown = 32

export function describeRequest(requestId: number, request: Request): string {
  return `#${requestId} ${request.kind}${requestFields(request)}${timeout(request)}`
}

export function describeAnswer(requestId: number, answer: Answer | KvError): string {
  if (answer instanceof KvError)
    return `#${requestId} error ${quoted(answer.codeName)}: ${quoted(answer.message)}`
  return `#${requestId} ${answer.kind} ok${answerFields(answer)}`
}

/** Printable ASCII as it is, all else as \xNN, so that no key writes into a terminal or a second log line. */
export function describeKey(key: Uint8Array): string {
  const shown = escaped(key.subarray(0, keyBytesShown))
  return key.length > keyBytesShown ? `"${shown}…" (${key.length}B)` : `"${shown}"`
}

function escaped(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) {
    const printable = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
    text += printable ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`
  }
  return text
}

/** What a peer says of itself is no more trusted than its keys. */
function quoted(text: string): string {
  return `"${escaped(Buffer.from(text))}"`
}

function requestFields(request: Request): string {
  switch (request.kind) {
    case 'put':
      return ` ${describeKey(request.key)} value=${request.value.length}B`
    case 'get':
    case 'delete':
      return ` ${describeKey(request.key)}`
    case 'getMany':
      return ` keys=${request.keys.length}`
    case 'batch':
      return ` operations=${request.operations.length}`
    case 'range':
      return `${bounds(request.bounds)}${request.reverse ? ' reverse' : ''}${request.keysOnly ? ' keysOnly' : ''} limit=${request.limit ?? 'default'}`
    case 'hello':
      return ` versions=${request.versions.join(',')} client=${quoted(request.clientName)}`
    case 'merge':
      return ` ${request.action}`
    case 'ping':
    case 'stats':
      return ''
    default:
      return unreachable(request)
  }
}

function answerFields(answer: Answer): string {
  switch (answer.kind) {
    case 'put':
    case 'batch':
      return ` version=${answer.version} term=${answer.term} ${answer.durability}`
    case 'delete':
      return ` existed=${answer.existed} version=${answer.version ?? 'none'} term=${answer.term} ${answer.durability}`
    case 'get':
      if (answer.found === undefined) return ' not found'
      return ` version=${answer.found.version} value=${answer.found.value.length}B`
    case 'getMany':
      return ` found=${answer.found.filter((found) => found !== undefined).length}/${answer.found.length}`
    case 'range':
      return ` entries=${answer.entries.length}${answer.more ? ' more' : ''}`
    case 'hello':
      return ` version=${answer.version} node=${quoted(answer.nodeId)} cluster=${quoted(answer.clusterId)}`
    case 'ping':
      return ` index=${answer.index}`
    case 'stats':
    case 'merge':
      return ''
    default:
      return unreachable(answer)
  }
}

function bounds({ gte, gt, lte, lt, prefix }: Bounds): string {
  let text = ''
  for (const [name, key] of Object.entries({ gte, gt, lte, lt, prefix })) {
    if (key !== undefined) text += ` ${name}=${describeKey(key)}`
  }
  return text === '' ? ' all' : text
}

function timeout({ context }: Request): string {
  return context?.timeoutMs === undefined ? '' : ` timeout=${context.timeoutMs}ms`
}
