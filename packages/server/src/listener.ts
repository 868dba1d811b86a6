import { createServer, type Server, type Socket } from 'node:net'
import type { KvError } from '@kv/protocol'
import { assert } from '@kv/protocol/assert'
import { Connection, type ConnectionContext } from './connection.ts'
import { exitCodes } from './exit-codes.ts'
import { sayFarewell } from './farewell.ts'
import { shuttingDown, tryLater } from './refusal.ts'
import type { Config } from './settings.ts'
import { StartError } from './start-error.ts'

/** Refused connections that are told why; past so many at once they are just closed. */
const farewellsMax = 256

/** A half frame or a queue of answers over this is worth a connection when the node holds too much. */
const shedBytesMin = 64 * 1024

/** A queue that has not moved for so long may be shed. */
const shedStalledMs = 1_000

export interface Address {
  readonly host: string
  readonly port: number
}

/** The port, and who is connected to it. From `listen` on it is ours; until `serve`, clients are asked to wait. */
export class Listener {
  readonly #server: Server
  readonly #config: Config
  #address: Address
  readonly #connections = new Set<Connection>()
  readonly #perAddress = new Map<string, number>()
  readonly #refused = new Set<Socket>()
  #context: ConnectionContext | undefined
  #sweep: NodeJS.Timeout | undefined
  #isClosing = false
  #onEmpty: () => void = () => undefined

  /** Throws StartError when the address cannot be had; nothing was changed then. */
  static async listen(config: Config): Promise<Listener> {
    const listener = new Listener(config)
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', (error: NodeJS.ErrnoException) =>
        reject(listenError(error, config)),
      )
      listener.#server.listen({ host: config.host, port: config.port, backlog: 1_024 }, resolve)
    })
    const bound = listener.#server.address()
    assert(typeof bound === 'object' && bound !== null, 'a listener on TCP has an address')
    listener.#address = { host: bound.address, port: bound.port }
    return listener
  }

  private constructor(config: Config) {
    this.#config = config
    this.#address = { host: config.host, port: config.port }
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket),
    )
  }

  /** Where clients reach it; with port 0, the one that was found. */
  get address(): Address {
    return this.#address
  }

  get connections(): number {
    return this.#connections.size
  }

  /** From now on connections are served. */
  serve(context: ConnectionContext): void {
    this.#context = context
  }

  /**
   * Accepts no more and lets every connection end what is in flight. Resolves when all are closed, those that take
   * longer than `drainTimeoutMs` by force.
   */
  async close(): Promise<void> {
    this.#isClosing = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    const drained = new Promise<void>((resolve) => {
      this.#onEmpty = resolve
      if (this.#connections.size === 0) resolve()
    })
    for (const connection of this.#connections) connection.drain()
    const timer = setTimeout(() => {
      for (const connection of this.#connections) connection.cut('it did not end in time')
    }, this.#config.drainTimeoutMs)
    await drained
    clearTimeout(timer)
    for (const socket of this.#refused) socket.destroy()
    await closed
    clearInterval(this.#sweep)
  }

  /** Sends all answers there are: the process is about to end. */
  flush(): void {
    for (const connection of this.#connections) connection.flush()
  }

  #accept(socket: Socket): void {
    const address = socket.remoteAddress ?? ''
    const context = this.#context
    const refusal = this.#refusal(address)
    if (refusal !== undefined || context === undefined) {
      this.#refuse(socket, refusal ?? tryLater('the server is still starting; nothing was done'))
      return
    }
    this.#perAddress.set(address, (this.#perAddress.get(address) ?? 0) + 1)
    context.metrics.connectionsTotal++
    this.#connections.add(
      new Connection(socket, context, (connection) => this.#forget(connection, address)),
    )
    this.#sweep ??= setInterval(() => this.#checkTimeouts(), sweepMs(this.#config)).unref()
  }

  #refusal(address: string): KvError | undefined {
    const { connectionsMax, connectionsPerAddressMax } = this.#config
    if (this.#isClosing) return shuttingDown()
    if (this.#connections.size >= connectionsMax)
      return tryLater('the server has as many connections as it may; nothing was done')
    if ((this.#perAddress.get(address) ?? 0) >= connectionsPerAddressMax)
      return tryLater('this address has as many connections as it may; nothing was done')
    return undefined
  }

  #refuse(socket: Socket, error: KvError): void {
    if (this.#context !== undefined) this.#context.metrics.connectionsRefused++
    if (this.#refused.size >= farewellsMax) {
      socket.destroy()
      return
    }
    this.#refused.add(socket)
    socket.on('close', () => this.#refused.delete(socket))
    sayFarewell(socket, error)
  }

  #forget(connection: Connection, address: string): void {
    this.#connections.delete(connection)
    const rest = this.#perAddress.get(address)! - 1
    if (rest > 0) this.#perAddress.set(address, rest)
    else this.#perAddress.delete(address)
    if (this.#connections.size > 0) return
    clearInterval(this.#sweep)
    this.#sweep = undefined
    this.#onEmpty()
  }

  #checkTimeouts(): void {
    const now = performance.now()
    for (const connection of this.#connections) connection.checkTimeouts(now)
    if (this.#context?.held.isOver() === true) this.#shedStalled(now)
  }

  /** Of those that do not take their answers, the largest goes; the next one at the next look, if need be. */
  #shedStalled(now: number): void {
    const stalled = [...this.#connections].filter(
      (connection) => connection.stalledMs(now) >= shedStalledMs,
    )
    largest(stalled, ({ queuedBytes }) => queuedBytes)?.cut(
      'its answers were not read while the server holds too much',
    )
  }
}

function largest(
  connections: readonly Connection[],
  bytesOf: (connection: Connection) => number,
): Connection | undefined {
  let found: Connection | undefined
  for (const connection of connections) {
    if (bytesOf(connection) >= (found === undefined ? shedBytesMin : bytesOf(found)))
      found = connection
  }
  return found
}

/** Often enough for the shortest timeout to be kept roughly. */
function sweepMs(config: Config): number {
  const { helloTimeoutMs, frameTimeoutMs, idleTimeoutMs, outputSlowMs } = config
  const shortest = Math.min(helloTimeoutMs, frameTimeoutMs, idleTimeoutMs, outputSlowMs)
  return Math.min(Math.max(Math.floor(shortest / 4), 10), 1_000)
}

function listenError(error: NodeJS.ErrnoException, { host, port }: Config): StartError {
  const place = `${host}:${port}`
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError(
        exitCodes.unavailable,
        `${place} is in use by another program; nothing was changed; stop that one, or choose another --port`,
      )
    case 'EACCES':
      return new StartError(
        exitCodes.notPermitted,
        `the system does not let this user listen on ${place}; nothing was changed; choose a --port from 1024 on`,
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new StartError(
        exitCodes.unavailable,
        `${host} is no address of this machine; nothing was changed; choose another --host`,
      )
    default:
      return new StartError(
        exitCodes.unavailable,
        `cannot listen on ${place} (${error.code ?? error.message}); nothing was changed; choose another --host or --port`,
      )
  }
}
