import type { Socket } from 'node:net'
import type { Answer, HelloRequest, Request } from '@kv/protocol'
import {
  decodeHello,
  decodeRequest,
  describeAnswer,
  describeRequest,
  FrameDecoder,
  KvError,
  requestIdOf,
} from '@kv/protocol'
import { dispatch } from './dispatch.ts'
import { hello } from './handlers/hello.ts'
import type { HeldBytes } from './held-bytes.ts'
import type { LogLimiter } from './log-limiter.ts'
import type { Logger } from './logging.ts'
import type { Metrics } from './metrics.ts'
import { Output } from './output.ts'
import { readBytes } from './read-bytes.ts'
import type { ReadGate } from './read-gate.ts'
import { refusalOf, shuttingDown, tryLater } from './refusal.ts'
import type { Services } from './services.ts'
import type { Config } from './settings.ts'
import type { Turn, TurnMember } from './turn.ts'
import { toWireError } from './wire-error.ts'

/** Requests of one connection begun in one turn of the event loop: the others want their turn too. */
const turnRequestsMax = 256

/** After the last words, what still comes is read and dropped for so long: to close at once would take them back. */
const lingerMs = 1_000

/** While the node holds too much, a request of more bytes than this is not gathered. */
const halfFrameBytesMax = 64 * 1024

/** What all connections of a node share. */
export interface ConnectionContext {
  readonly config: Config
  readonly services: Services
  readonly turn: Turn
  readonly reads: ReadGate
  readonly held: HeldBytes
  readonly metrics: Metrics
  readonly logger: Logger
  readonly limitedLog: LogLimiter
}

/**
 * - `greeting`: only hello is read.
 * - `open`: requests are taken.
 * - `draining`: requests are refused; what is in flight is answered, then it parts.
 * - `parting`: nothing more is taken; what is in flight is answered, then the last words are said.
 * - `ended`: nothing more is sent.
 */
type Stage = 'greeting' | 'open' | 'draining' | 'parting' | 'ended'

/**
 * One client: bytes in, requests begun, answers out. Requests run at the same time and are answered in the order
 * they are ready. Past any limit the socket is not read, and frames already received wait in the decoder.
 */
export class Connection implements TurnMember {
  readonly #socket: Socket
  readonly #context: ConnectionContext
  readonly #decoder = new FrameDecoder()
  readonly #output: Output
  readonly #logsRequests: boolean
  #stage: Stage = 'greeting'
  #lastWords: { readonly requestId: number; readonly error: KvError } | undefined
  #clientEnded = false
  #inFlight = 0
  #inFlightBytes = 0
  /** What HeldBytes knows of this connection. */
  #heldBytes = 0
  #turnRequests = 0
  #isInTurn = false
  #waitsForReads = false
  /** Of the newest chunk, in ms: frames in the decoder are not older, since a full one is not read on. */
  #receivedAt: number
  /** When the frame that is not whole yet began, in ms. */
  #frameBeganAt: number | undefined
  readonly #acceptedAt: number
  #endedAt = 0

  constructor(
    socket: Socket,
    context: ConnectionContext,
    onClosed: (connection: Connection) => void,
  ) {
    this.#socket = socket
    this.#context = context
    this.#output = new Output(socket, context.services.limits.frameBytesMax, this.#goOn)
    this.#logsRequests = context.logger.isLevelEnabled('debug')
    this.#acceptedAt = performance.now()
    this.#receivedAt = this.#acceptedAt
    socket.setTimeout(context.config.writeTimeoutMs)
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
    socket.on('end', () => {
      this.#clientEnded = true
      this.#work()
    })
    socket.on('timeout', () => {
      if (this.#output.queuedBytes > 0) this.cut('its answers were not read')
    })
    socket.on('error', (err) => context.logger.debug({ err }, 'a connection failed'))
    socket.on('close', () => {
      this.#stage = 'ended'
      this.#tellHeldBytes()
      onClosed(this)
    })
  }

  get isGreeting(): boolean {
    return this.#stage === 'greeting'
  }

  get queuedBytes(): number {
    return this.#output.queuedBytes
  }

  /** Takes no more requests, lets those in flight end, says that the server stops, and closes. */
  drain(): void {
    if (this.#stage !== 'greeting' && this.#stage !== 'open') return
    this.#stage = 'draining'
    this.#joinTurn()
  }

  /** Says `error`, under the id of a request or 0, behind the answers to what is in flight, and closes. */
  part(requestId: number, error: KvError): void {
    if (this.#stage === 'parting' || this.#stage === 'ended') return
    this.#stage = 'parting'
    this.#lastWords = { requestId, error }
    this.#socket.pause()
    this.#joinTurn()
  }

  /** Closes at once: for who does not read, words are of no use. */
  cut(reason: string): void {
    this.#log(reason)
    this.#socket.destroy()
  }

  /** Sends what is gathered at once: the process is about to end. */
  flush(): void {
    this.#context.metrics.bytesOut += this.#output.flush()
  }

  /** Called every now and then. `now` in ms, as performance.now(). */
  checkTimeouts(now: number): void {
    const { config } = this.#context
    if (this.#stage === 'ended') {
      if (now - this.#endedAt >= lingerMs && this.#socket.writableLength === 0)
        this.#socket.destroy()
      return
    }
    if (this.#output.isTooSlow(now, config)) return this.cut('its answers were not read')
    if (this.#stage === 'greeting' && now - this.#acceptedAt >= config.helloTimeoutMs) {
      this.#expire('it said no hello in time')
    } else if (this.#isOverdue(this.#frameBeganAt, now, config.frameTimeoutMs)) {
      this.#expire('a request did not come whole in time')
    } else if (this.#inFlight === 0 && now - this.#receivedAt >= config.idleTimeoutMs) {
      this.#expire('it was idle')
    }
  }

  /** How long the client has taken nothing of what waits for it, in ms. */
  stalledMs(now: number): number {
    return this.#output.stalledMs(now)
  }

  endTurn(): void {
    this.#isInTurn = false
    this.#turnRequests = 0
    if (this.#stage === 'draining' && this.#inFlight === 0) {
      this.part(0, shuttingDown())
    } else if (this.#stage === 'parting' && this.#inFlight === 0) {
      this.#end()
    } else {
      this.flush()
      this.#work()
    }
    this.#tellHeldBytes()
  }

  #received(chunk: Buffer): void {
    this.#context.metrics.bytesIn += chunk.length
    if (!this.#takesRequests()) return
    this.#receivedAt = performance.now()
    this.#decoder.push(chunk)
    this.#work()
    this.#tellHeldBytes()
  }

  /** Begins the requests received, until a limit or the end of the bytes. */
  #work(): void {
    while (this.#takesRequests()) {
      if (this.#mustWait()) {
        this.#socket.pause()
        return
      }
      let payload: Buffer | undefined
      try {
        payload = this.#decoder.next()
      } catch (error) {
        return this.#refuse(0, asKvError(error))
      }
      if (payload === undefined) return this.#readOn()
      this.#frameBeganAt = undefined
      if (this.#stage === 'greeting') this.#greet(payload)
      else this.#take(payload)
    }
  }

  #takesRequests(): boolean {
    return this.#stage === 'greeting' || this.#stage === 'open' || this.#stage === 'draining'
  }

  /** Each of these ends with a call of #work. */
  #mustWait(): boolean {
    const { config, reads } = this.#context
    if (this.#turnRequests >= turnRequestsMax) {
      this.#joinTurn()
      return true
    }
    if (this.#inFlight >= config.inFlightMax || this.#inFlightBytes >= config.inFlightBytesMax)
      return true
    if (this.#output.queuedBytes >= config.outputBytesPause) return true
    // Who greets wants no values, and has little time.
    if (this.#stage === 'greeting' || !reads.isFull) return false
    if (!this.#waitsForReads) {
      this.#waitsForReads = true
      reads.wait(this.#readsAdmit)
    }
    return true
  }

  /** No whole frame is left: asks for more, unless there will be none. */
  #readOn(): void {
    if (this.#clientEnded) {
      this.#stage = 'parting'
      this.#joinTurn()
      return
    }
    if (this.#decoder.bufferedBytes > 0) this.#frameBeganAt ??= this.#receivedAt
    if (this.#context.held.isOver() && this.#decoder.bufferedBytes > halfFrameBytesMax) {
      this.part(0, tryLater('the server holds as many bytes as it may; the request was not read'))
      return
    }
    this.#socket.resume()
  }

  #greet(payload: Buffer): void {
    const { services, metrics } = this.#context
    const requestId = requestIdOf(payload)
    let request: HelloRequest
    let answer: Answer
    try {
      request = decodeHello(payload)
      metrics.requests.hello++
      answer = hello(request, services)
    } catch (error) {
      return this.#refuse(requestId, asKvError(error))
    }
    this.#stage = 'open'
    this.#decoder.frameBytesMax = services.limits.frameBytesMax
    if (this.#logsRequests) this.#debug(describeRequest(requestId, request))
    this.#send(requestId, answer)
  }

  #take(payload: Buffer): void {
    const { services, metrics, held, reads } = this.#context
    const requestId = requestIdOf(payload)
    this.#turnRequests++
    let request: Request<Buffer>
    try {
      request = decodeRequest(payload, services.limits)
    } catch (error) {
      const refusal = asKvError(error)
      if (refusal.code === 'KV_BAD_REQUEST') this.#refuse(requestId, refusal)
      else this.#send(requestId, refusal)
      return
    }
    metrics.requests[request.kind]++
    if (this.#logsRequests) this.#debug(describeRequest(requestId, request))
    const toRead = this.#tellsLater(request)
      ? undefined
      : readBytes(request, services.store, services.limits)
    const isOver = held.isOver(reads.expectedBytes + (toRead ?? 0))
    const refusal =
      this.#stage === 'draining'
        ? shuttingDown()
        : refusalOf(request, performance.now() - this.#receivedAt, isOver)
    if (refusal !== undefined) this.#send(requestId, refusal)
    else this.#serve(requestId, request, payload.length, toRead)
  }

  /**
   * Whether what a request brings into memory is asked only when it does: a get of what is at hand brings nothing, and is
   * spared another look at the keydir. Not when the longest value could be too much.
   */
  #tellsLater({ kind }: Request<Buffer>): boolean {
    const { held, reads, services } = this.#context
    return kind === 'get' && !held.isOver(reads.expectedBytes + services.limits.valueBytesMax)
  }

  /** `told`: what it brings into memory, of a request that reads values, unless it tells later. */
  #serve(
    requestId: number,
    request: Request<Buffer>,
    bytes: number,
    told: number | undefined,
  ): void {
    const { services, metrics, reads, logger } = this.#context
    const beganAt = performance.now()
    this.#inFlight++
    this.#inFlightBytes += bytes
    metrics.requestsInFlight++
    let toRead = told
    if (toRead !== undefined) reads.begin(toRead)
    const end = (answer: Answer | KvError): void => {
      this.#inFlight--
      this.#inFlightBytes -= bytes
      metrics.requestsInFlight--
      metrics.answered(request.kind, performance.now() - beganAt)
      this.#send(requestId, answer)
      if (toRead === undefined) return
      // Held before it is no longer expected: in between it would be neither, and others let in for it.
      this.#tellHeldBytes()
      reads.end(toRead)
    }
    const fail = (error: unknown): void => end(toWireError(error, logger))
    let answer: Answer | Promise<Answer>
    try {
      answer = dispatch(request, services)
    } catch (error) {
      return fail(error)
    }
    // What is there already is spared the way through a promise.
    if (!(answer instanceof Promise)) return end(answer)
    if (toRead === undefined) {
      toRead = readBytes(request, services.store, services.limits)
      if (toRead !== undefined) reads.begin(toRead)
    }
    void answer.then(end, fail)
  }

  #send(requestId: number, answer: Answer | KvError): void {
    if (this.#stage === 'ended') return
    this.#joinTurn()
    if (this.#logsRequests) this.#debug(describeAnswer(requestId, answer))
    if (answer instanceof KvError) this.#context.metrics.failed(answer.code)
    try {
      this.#output.append(requestId, answer)
    } catch (error) {
      this.#output.append(requestId, toWireError(error, this.#context.logger))
    }
  }

  /** What was received is no message of ours: this connection ends, and no other notices. */
  #refuse(requestId: number, error: KvError): void {
    this.#log(error.message)
    this.part(requestId, error)
  }

  #expire(reason: string): void {
    this.#log(reason)
    this.part(0, new KvError('KV_TIMEOUT', `the connection is closed: ${reason}`))
  }

  #end(): void {
    if (this.#lastWords !== undefined) this.#send(this.#lastWords.requestId, this.#lastWords.error)
    this.flush()
    this.#stage = 'ended'
    this.#endedAt = performance.now()
    this.#socket.end()
    this.#socket.resume()
  }

  #joinTurn(): void {
    if (this.#isInTurn) return
    this.#isInTurn = true
    this.#context.turn.join(this)
  }

  readonly #goOn = (): void => {
    this.#work()
    this.#tellHeldBytes()
  }

  readonly #readsAdmit = (): void => {
    this.#waitsForReads = false
    this.#work()
  }

  #tellHeldBytes(): void {
    const held = this.#socket.destroyed
      ? 0
      : this.#decoder.bufferedBytes + this.#inFlightBytes + this.#output.queuedBytes
    this.#context.held.change(held - this.#heldBytes)
    this.#heldBytes = held
  }

  #isOverdue(since: number | undefined, now: number, timeoutMs: number): boolean {
    return since !== undefined && now - since >= timeoutMs
  }

  #log(reason: string): void {
    this.#context.metrics.connectionsCut++
    this.#context.limitedLog.log(
      'warn',
      { client: this.#socket.remoteAddress, reason },
      'a connection is closed',
    )
  }

  #debug(line: string): void {
    this.#context.logger.debug({ client: this.#socket.remotePort }, line)
  }
}

/** Decoders throw nothing else; a bug of theirs must not pass for a client's mistake. */
function asKvError(error: unknown): KvError {
  if (error instanceof KvError) return error
  throw error
}
