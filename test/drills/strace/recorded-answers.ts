import assert from 'node:assert/strict'
import { readU64 } from '../../../packages/engine/src/u64.ts'
import {
  type Answer,
  decodeAnswer,
  FrameDecoder,
  KvError,
  type Request,
  requestIdOf,
} from '../../../packages/protocol/src/index.ts'
import { bytesWritten, descriptorOf, type TracedCall, type TraceEvent } from './trace.ts'

/** An answer that leaves the server. */
export interface RecordedAnswer {
  readonly request: Request
  readonly answer: Answer<Buffer> | KvError
}

/** Frames on their way to the log, by the last version in them. */
interface Unsynced {
  readonly version: number
  readonly call: TracedCall
}

const frameBytesMax = 64 * 1024 * 1024
const segmentPath = /\/log\/\d+\.data$/
const segmentMagics = ['KVSEGMNT', 'KVFOOTER']

/**
 * What one life of a server has said, and whether it was true when it was said: no answer may leave the socket that
 * calls a version synced, or that shows one in mode `always`, before an fdatasync of the log that began after the
 * version was written has ended.
 */
export class RecordedAnswers {
  readonly #requestOf: (port: number, id: number) => Request | undefined
  readonly #isAlways: boolean
  readonly #decoders = new Map<string, FrameDecoder>()
  readonly #unsynced = new Map<string, Unsynced[]>()
  #synced: number
  /** Syncs of the log that ended well. */
  syncs = 0

  /** `requestOf` is what a client sent from `port`, with which request id; `synced` the version the log ended at when the server started. */
  constructor(
    requestOf: (port: number, id: number) => Request | undefined,
    isAlways: boolean,
    synced: number,
  ) {
    this.#requestOf = requestOf
    this.#isAlways = isAlways
    this.#synced = synced
  }

  /** The highest version that is in the log for good. */
  get synced(): number {
    return this.#synced
  }

  /** Takes in the next event. Hands out the answers that begin to leave in it; throws for one that is premature. */
  take({ type, call }: TraceEvent): readonly RecordedAnswer[] {
    if (call.error !== undefined) return []
    switch (call.name) {
      case 'pwrite64':
        if (type === 'begin') this.#written(call)
        return []
      case 'fdatasync':
        if (type === 'end') this.#syncEnded(call)
        return []
      case 'write':
      case 'writev':
        return type === 'begin' ? this.#sent(call) : []
      default:
        return []
    }
  }

  #written(call: TracedCall): void {
    const path = descriptorOf(call)?.of ?? ''
    if (!segmentPath.test(path)) return
    const bytes = bytesWritten(call)
    if (segmentMagics.includes(bytes.toString('latin1', 0, 8)) || isPreparedSpace(bytes)) return
    const version = lastVersion(bytes)
    const others = this.#unsynced.get(path)
    if (others === undefined) this.#unsynced.set(path, [{ version, call }])
    else others.push({ version, call })
  }

  #syncEnded(sync: TracedCall): void {
    const path = descriptorOf(sync)?.of ?? ''
    if (!segmentPath.test(path)) return
    this.syncs++
    const unsynced = this.#unsynced.get(path) ?? []
    for (const { version, call } of unsynced) {
      if (call.end < sync.begin) this.#synced = Math.max(this.#synced, version)
    }
    this.#unsynced.set(
      path,
      unsynced.filter(({ call }) => call.end > sync.begin),
    )
  }

  #sent(call: TracedCall): RecordedAnswer[] {
    const socket = descriptorOf(call)?.of ?? ''
    const port = /^TCP(?:v6)?:\[.*->.*:(\d+)\]$/.exec(socket)?.[1]
    if (port === undefined) return []
    let decoder = this.#decoders.get(socket)
    if (decoder === undefined) {
      decoder = new FrameDecoder(frameBytesMax, 'KV_BAD_ANSWER')
      this.#decoders.set(socket, decoder)
    }
    decoder.push(bytesWritten(call))
    const answers: RecordedAnswer[] = []
    for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
      const id = requestIdOf(payload)
      // About the connection: the server stops.
      if (id === 0) continue
      const request = this.#requestOf(Number(port), id)
      assert(request !== undefined, `an answer to request ${id}, which port ${port} never sent`)
      const answer = decodeAnswer(payload, request.kind)
      this.#check(request, answer)
      answers.push({ request, answer })
    }
    return answers
  }

  #check(request: Request, answer: Answer<Buffer> | KvError): void {
    const version = syncedVersion(request, answer) ?? (this.#isAlways ? shownVersion(answer) : 0)
    assert(
      version <= this.#synced,
      `the answer to a ${request.kind} left with version ${version}, and only ${this.#synced} is synced`,
    )
  }
}

/** The last version that an answer calls synced. */
export function syncedVersion(
  request: Request,
  answer: Answer<Buffer> | KvError,
): number | undefined {
  return 'durability' in answer && answer.durability === 'synced'
    ? writtenVersion(request, answer)
    : undefined
}

/** The last version that an answer says is written. */
export function writtenVersion(
  request: Request,
  answer: Answer<Buffer> | KvError,
): number | undefined {
  if (answer instanceof KvError || !('version' in answer) || answer.kind === 'hello')
    return undefined
  if (request.kind !== 'batch') return answer.version
  return answer.version! + request.operations.length - 1
}

/** The highest version that is visible in an answer. */
function shownVersion(answer: Answer<Buffer> | KvError): number {
  if (answer instanceof KvError) return 0
  if (answer.kind === 'get') return answer.found?.version ?? 0
  if (answer.kind === 'range') return Math.max(0, ...answer.entries.map(({ version }) => version))
  return 0
}

/** A frame begins with its checksum and its length. */
function isPreparedSpace(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}

/** Of the last record in frames that stand one behind the other. */
function lastVersion(frames: Buffer): number {
  let version = 0
  let at = 0
  while (at < frames.length) {
    const length = frames.readUInt32LE(at + 4)
    version = readU64(frames, at + 16) + frames.readUInt16LE(at + 14) - 1
    assert(length >= 40 && version > 0, 'frames are written whole')
    at += length
  }
  assert.equal(at, frames.length, 'frames are written whole')
  return version
}
