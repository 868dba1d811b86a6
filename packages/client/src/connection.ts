import type { Socket } from 'node:net'
import type { FrameDecoder, Request } from '@kv/protocol'
import {
  decodeAnswer,
  decodeConnectionError,
  encodeRequest,
  FrameWriter,
  KvError,
  requestIdOf,
} from '@kv/protocol'
import { assert } from '@kv/protocol/assert'
import { describeAddress } from './address.ts'
import { Call } from './call.ts'
import { badAnswer, closed, connectionLost } from './errors.ts'
import type { Handshake } from './handshake.ts'
import { helloRequestId } from './handshake.ts'
import { InFlight } from './in-flight.ts'
import type { Settings } from './options.ts'
import { checkRequest } from './request-limits.ts'
import type { ServerInfo } from './server-info.ts'
import { WritePace } from './write-pace.ts'

export interface ConnectionOwner {
  /** Answers have come or the socket has drained: see `canSend`. */
  progressed(): void
  /** Once, unless `end` was called: the calls are unsettled, and no answer to them can come any more. */
  lost(error: KvError, calls: readonly Call[]): void
}

/** Bytes of one answer, whatever the server claims its own limit to be. */
const answerBytesMax = 256 * 1024 * 1024

/**
 * A socket after hello. Requests of one event-loop turn leave in a few writes ({@link WritePace}); answers find their
 * call by id. What cannot be understood, or is an answer to nothing, ends the connection: nothing that comes behind
 * it can be trusted.
 */
export class Connection {
  readonly server: ServerInfo
  readonly #settings: Settings
  readonly #owner: ConnectionOwner
  readonly #socket: Socket
  readonly #decoder: FrameDecoder
  readonly #writer: FrameWriter<Request>
  readonly #pace = new WritePace()
  readonly #inFlight = new InFlight(helloRequestId)
  readonly #inFlightMax: number
  readonly #flush = (): void => this.#endTurn()
  #flushing = false
  /** The socket holds enough and has not drained. */
  #blocked = false
  #ended = false
  #answered = false
  #socketError: Error | undefined
  #probe: NodeJS.Timeout | undefined

  constructor({ socket, decoder, hello }: Handshake, settings: Settings, owner: ConnectionOwner) {
    const { nodeId, clusterId, serverVersion, limits } = hello
    this.server = {
      address: describeAddress(settings.address),
      nodeId,
      clusterId,
      serverVersion,
      limits,
    }
    this.#settings = settings
    this.#owner = owner
    this.#socket = socket
    this.#decoder = decoder
    this.#decoder.frameBytesMax = Math.min(limits.frameBytesMax, answerBytesMax)
    this.#writer = new FrameWriter(encodeRequest, limits.frameBytesMax)
    this.#inFlightMax = Math.min(settings.inFlightMax, limits.inFlightMax)
  }

  /** Begins to listen; apart from the constructor, because it may tell the owner at once. */
  start(): void {
    const socket = this.#socket
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('drain', () => this.#drained())
    socket.on('error', (error) => (this.#socketError = error))
    socket.on('end', () => this.#lost('closed by the server'))
    socket.on('close', () => this.#lost(this.#socketError ?? 'closed'))
    if (socket.destroyed) return this.#lost('closed by the server')
    socket.resume()
    // What came together with the answer to hello is in the decoder already.
    this.#answerAll()
  }

  /** Requests the server has not answered, those given up included. */
  get inFlight(): number {
    return this.#inFlight.size
  }

  /** Whether it ever answered a call: a server that takes connections only to drop them has not. */
  get answered(): boolean {
    return this.#answered
  }

  get canSend(): boolean {
    return !this.#blocked && !this.#ended && this.#inFlight.size < this.#inFlightMax
  }

  /** Calls that somebody waits for, oldest first. */
  unsettled(): Call[] {
    return this.#inFlight.unsettled()
  }

  /** Only if `canSend`. Throws what is wrong with the request, of which then nothing is sent. */
  send(call: Call): void {
    const { request } = call
    assert(request !== undefined, 'a call is sent while it has its request')
    checkRequest(request, this.server.limits)
    this.#append(call, request)
    call.markSent()
  }

  /**
   * To be called when an answer is overdue. Asks for a sign of life, and gives the connection up when nothing
   * at all arrives within `connectTimeoutMs`: a host that is gone does not close its connections.
   */
  suspect(): void {
    if (this.#probe !== undefined || this.#ended) return
    const { connectTimeoutMs } = this.#settings
    const { bytesRead } = this.#socket
    if (this.canSend) this.#append(nobodysPing(), { kind: 'ping' })
    this.#probe = setTimeout(() => {
      this.#probe = undefined
      if (this.#socket.bytesRead === bytesRead) this.#lost(`silent for ${connectTimeoutMs} ms`)
    }, connectTimeoutMs)
    this.#probe.unref()
  }

  /**
   * Closes. Only when nobody waits for an answer any more: what the server does not take at once is dropped,
   * so that one that has stopped reading does not hold it up.
   */
  end(): Promise<void> {
    this.#write()
    this.#leave()
    return new Promise((resolve) => {
      this.#socket.on('close', () => resolve())
      if (this.#socket.writableLength > 0) this.#socket.destroy()
      else this.#socket.end(() => this.#socket.destroy())
    })
  }

  #append(call: Call, request: Request): void {
    const id = this.#inFlight.nextId
    this.#writer.append(id, request)
    this.#inFlight.add(id, call)
    if (!this.#flushing) {
      this.#flushing = true
      setImmediate(this.#flush)
    }
    // A socket that is full in the middle of a turn takes the rest at its end: how many calls a turn may make is not for it to say.
    if (this.#pace.gathered(request) && !this.#socket.writableNeedDrain) this.#write()
  }

  #endTurn(): void {
    this.#flushing = false
    this.#pace.turnEnded()
    this.#write()
    this.#blocked = this.#socket.writableNeedDrain
  }

  #write(): void {
    if (this.#ended || this.#writer.pendingBytes === 0) return
    this.#socket.write(this.#writer.take())
    // The system has copied all of it.
    if (this.#socket.writableLength === 0) this.#writer.reuse()
  }

  #drained(): void {
    this.#blocked = false
    this.#owner.progressed()
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return
    this.#decoder.push(chunk)
    this.#answerAll()
  }

  #answerAll(): void {
    try {
      for (
        let payload = this.#decoder.next();
        payload !== undefined;
        payload = this.#decoder.next()
      ) {
        this.#answer(payload)
      }
    } catch (error) {
      if (!(error instanceof KvError)) throw error
      return this.#fail(error)
    }
    this.#owner.progressed()
  }

  #answer(payload: Buffer): void {
    const id = requestIdOf(payload)
    if (id === 0) throw decodeConnectionError(payload)
    const call = this.#inFlight.take(id)
    if (call === undefined) throw badAnswer(`an answer has the id ${id}, which no request has`)
    this.#answered = true
    if (call.settled) return
    try {
      const answer = decodeAnswer(payload, call.kind)
      if (answer instanceof KvError) return call.fail(answer)
      if ('durability' in answer) this.#pace.writeAnswered(answer.durability === 'written')
      call.succeed(answer)
    } catch (error) {
      if (error instanceof KvError) call.fail(error)
      throw error
    }
  }

  #lost(reason: unknown): void {
    this.#fail(connectionLost(this.#settings.address, reason))
  }

  #fail(error: KvError): void {
    if (this.#ended) return
    const calls = this.#inFlight.unsettled()
    this.#leave()
    this.#socket.destroy()
    this.#owner.lost(error, calls)
  }

  #leave(): void {
    this.#ended = true
    clearTimeout(this.#probe)
  }
}

/** Its answer is awaited by nobody, like that of a call given up. */
function nobodysPing(): Call {
  const nobody = { settled() {}, cancelled() {}, read() {}, resolve() {}, reject() {} }
  const call = new Call(nobody, { kind: 'ping' }, nobody, 1, undefined)
  call.fail(closed())
  return call
}
