/** A client of the bare protocol, for tests that say exactly which bytes go out and see which come back. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { AnswerByKind, Request, RequestKind } from '@kv/protocol'
import {
  decodeAnswer,
  decodeConnectionError,
  encodeRequest,
  FrameDecoder,
  FrameWriter,
  KvError,
  requestIdOf,
} from '@kv/protocol'

/** Answers may be larger than anything a test asks for. */
const frameBytesMax = 64 * 1024 * 1024

interface Waiting {
  readonly kind: RequestKind
  readonly settle: (answer: AnswerByKind<Buffer>[RequestKind] | KvError) => void
}

export class RawClient {
  readonly socket: Socket
  /** What the server said about the connection, before it closed it. */
  lastWords: KvError | undefined
  readonly closed: Promise<void>
  readonly #decoder = new FrameDecoder(frameBytesMax, 'KV_BAD_ANSWER')
  readonly #writer = new FrameWriter(encodeRequest)
  readonly #waiting = new Map<number, Waiting>()
  #lastId = 0

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  /** Connected, and hello is answered. */
  static async open(port: number): Promise<RawClient> {
    const client = await RawClient.connect(port)
    await client.ask({ kind: 'hello', versions: [1], clientName: 'test' })
    return client
  }

  private constructor(socket: Socket) {
    this.socket = socket
    this.closed = new Promise((resolve) => {
      socket.on('close', () => resolve())
    })
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
    socket.on('close', () => {
      for (const { settle } of this.#waiting.values())
        settle(this.lastWords ?? new KvError('KV_OUTCOME_UNKNOWN', 'the connection was closed'))
      this.#waiting.clear()
    })
  }

  /** The answer, or the error as a value. */
  ask<Kind extends RequestKind>(
    request: Extract<Request, { kind: Kind }>,
  ): Promise<AnswerByKind<Buffer>[Kind] | KvError> {
    const answer = this.gather(request)
    this.send()
    return answer
  }

  /** As `ask`, for the next `send`. */
  gather<Kind extends RequestKind>(
    request: Extract<Request, { kind: Kind }>,
  ): Promise<AnswerByKind<Buffer>[Kind] | KvError> {
    const id = ++this.#lastId
    this.#writer.append(id, request)
    return new Promise((resolve) => {
      this.#waiting.set(id, {
        kind: request.kind,
        settle: (answer) => resolve(answer as AnswerByKind<Buffer>[Kind] | KvError),
      })
    })
  }

  /** Sends what was gathered in one write. */
  send(): void {
    this.socket.write(this.take())
  }

  /** Hands out what was gathered instead of sending it. */
  take(): Buffer {
    return this.#writer.take()
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  close(): Promise<void> {
    this.socket.end()
    return this.closed
  }

  #received(chunk: Buffer): void {
    this.#decoder.push(chunk)
    for (
      let payload = this.#decoder.next();
      payload !== undefined;
      payload = this.#decoder.next()
    ) {
      const id = requestIdOf(payload)
      if (id === 0) {
        this.lastWords = decodeConnectionError(payload)
        continue
      }
      const waiting = this.#waiting.get(id)
      if (waiting === undefined) throw new Error(`an answer to nothing: ${id}`)
      this.#waiting.delete(id)
      waiting.settle(decodeAnswer(payload, waiting.kind))
    }
  }
}
