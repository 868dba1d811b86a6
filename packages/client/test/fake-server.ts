/** A server for tests that does what it is told, right or wrong, over real sockets on a free local port. */
import { once } from 'node:events'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { Answer, HelloAnswer, KvError, Request, ServerLimits } from '@kv/protocol'
import {
  decodeRequest,
  encodeAnswer,
  FrameDecoder,
  FrameWriter,
  requestIdOf,
  serverLimitsDefault,
} from '@kv/protocol'
import { Progress } from './progress.ts'

export type Handle = (request: Received, from: FakeConnection) => void

export interface Received {
  readonly id: number
  readonly request: Request<Buffer>
}

export class FakeConnection {
  readonly socket: Socket
  readonly received: Received[] = []
  /** Chunks that came with at least one byte: what one write of the client arrives as. */
  chunks = 0

  constructor(socket: Socket) {
    this.socket = socket
  }

  /** In one write. */
  answer(id: number, answer: Answer | KvError): void {
    this.socket.write(answerFrame(id, answer))
  }
}

export class FakeServer {
  readonly connections: FakeConnection[] = []
  /** For all but hello; tests replace it in mid-run. */
  handle: Handle
  handleHello: Handle = ({ id }, from) => this.welcome(id, from)
  readonly #progress = new Progress()
  readonly #limits: ServerLimits
  readonly #server: Server
  #port = 0

  constructor(handle: Handle, limits: Partial<ServerLimits> = {}) {
    this.handle = handle
    this.#limits = { ...serverLimitsDefault, ...limits }
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket))
  }

  static async listen(handle: Handle, limits?: Partial<ServerLimits>): Promise<FakeServer> {
    const server = new FakeServer(handle, limits)
    await server.listen()
    return server
  }

  get port(): number {
    return this.#port
  }

  get url(): string {
    return `kv://127.0.0.1:${this.#port}`
  }

  get newest(): FakeConnection {
    return this.connections.at(-1)!
  }

  /** On the port it had before, after `close`. */
  async listen(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1')
    await once(this.#server, 'listening')
    this.#port = (this.#server.address() as AddressInfo).port
  }

  get hello(): HelloAnswer {
    return {
      kind: 'hello',
      version: 1,
      nodeId: 'n1',
      clusterId: 'c1',
      limits: this.#limits,
      serverVersion: '0.1.0',
    }
  }

  welcome(id: number, from: FakeConnection): void {
    from.answer(id, this.hello)
  }

  /** Looks again whenever a connection or a request came, or a connection ended. */
  until(condition: () => boolean): Promise<void> {
    return this.#progress.until(condition)
  }

  /** Requests of all connections, hello left out, in the order they came. */
  get received(): readonly Received[] {
    return this.connections.flatMap(({ received }) => received)
  }

  dropAll(): void {
    for (const { socket } of this.connections) socket.destroy()
  }

  /** Also drops the connections. */
  async close(): Promise<void> {
    this.dropAll()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #accept(socket: Socket): void {
    const connection = new FakeConnection(socket)
    const decoder = new FrameDecoder(serverLimitsDefault.frameBytesMax)
    this.connections.push(connection)
    this.#progress.changed()
    socket.on('error', () => {})
    socket.on('close', () => this.#progress.changed())
    socket.on('data', (chunk: Buffer) => {
      connection.chunks++
      decoder.push(chunk)
      for (let payload = decoder.next(); payload !== undefined; payload = decoder.next()) {
        this.#take({ id: requestIdOf(payload), request: decodeRequest(payload) }, connection)
      }
      this.#progress.changed()
    })
  }

  #take(received: Received, from: FakeConnection): void {
    if (received.request.kind === 'hello') return this.handleHello(received, from)
    from.received.push(received)
    this.handle(received, from)
  }
}

export function answerFrame(id: number, answer: Answer | KvError): Buffer {
  const writer = new FrameWriter(encodeAnswer)
  writer.append(id, answer)
  return writer.take()
}
