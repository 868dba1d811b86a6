import { KvError } from '@kv/protocol'
import { assert } from '@kv/protocol/assert'
import { Backoff } from './backoff.ts'
import type { Call } from './call.ts'
import { Connection } from './connection.ts'
import { shakeHands } from './handshake.ts'
import type { ClientState, Settings } from './options.ts'
import type { ServerInfo } from './server-info.ts'

export interface LinkOwner {
  /** There is a connection again, or room on it. */
  ready(): void
  /** These were in flight on the connection that is lost. */
  lost(error: KvError, calls: readonly Call[]): void
  /** No connection was made in the attempts allowed, or the server does not want this client. */
  gaveUp(error: KvError): void
}

/** Keeps one connection up: makes it again when it is lost, with a backoff, until it is closed. */
export class Link {
  readonly #settings: Settings
  readonly #owner: LinkOwner
  readonly #backoff: Backoff
  /** Ends an attempt under way when the link is closed. */
  readonly #abort = new AbortController()
  #state: ClientState = 'disconnected'
  #connection: Connection | undefined
  #server: ServerInfo | undefined
  #timer: NodeJS.Timeout | undefined
  #error: KvError | undefined
  #connections = 0

  constructor(settings: Settings, owner: LinkOwner) {
    this.#settings = settings
    this.#owner = owner
    this.#backoff = new Backoff(settings.delayMsMin, settings.delayMsMax)
  }

  /** The first connection, tried once. Rejects with a KvError. */
  async open(): Promise<void> {
    await this.#connect()
  }

  get state(): ClientState {
    return this.#state
  }

  get connection(): Connection | undefined {
    return this.#connection
  }

  /** Connections made after the first. */
  get reconnects(): number {
    return Math.max(0, this.#connections - 1)
  }

  /** Why there is no connection; undefined when there is one. */
  get error(): KvError | undefined {
    return this.#error
  }

  /** Of the newest connection; only after the first. */
  get server(): ServerInfo {
    assert(this.#server !== undefined, 'the server is asked for after the first connection')
    return this.#server
  }

  /** Begins anew where attempts were used up. */
  wake(): void {
    if (this.#state !== 'disconnected') return
    this.#backoff.reset()
    this.#retry()
  }

  async close(): Promise<void> {
    const connection = this.#connection
    this.#connection = undefined
    clearTimeout(this.#timer)
    this.#abort.abort()
    this.#enter('closed', undefined)
    await connection?.end()
  }

  async #connect(): Promise<void> {
    const handshake = await shakeHands(this.#settings, this.#abort.signal)
    if (this.#state === 'closed') {
      handshake.socket.destroy()
      return
    }
    const connection = new Connection(handshake, this.#settings, {
      progressed: () => this.#owner.ready(),
      lost: (error, calls) => this.#lost(connection, error, calls),
    })
    this.#connection = connection
    this.#server = connection.server
    this.#connections++
    this.#enter('connected', undefined)
    connection.start()
    this.#owner.ready()
  }

  #lost(connection: Connection, error: KvError, calls: readonly Call[]): void {
    this.#connection = undefined
    if (connection.answered) this.#backoff.reset()
    this.#owner.lost(error, calls)
    this.#again(error)
  }

  /** Whoever refuses hello for good is not asked again before there is a new call. */
  #again(error: KvError, isHopeless = false): void {
    if (this.#state === 'closed') return
    this.#error = error
    if (!isHopeless && this.#backoff.attempts < this.#settings.attemptsMax) return this.#retry()
    this.#enter('disconnected', error)
    this.#owner.gaveUp(error)
  }

  #retry(): void {
    this.#enter('reconnecting', this.#error)
    this.#timer = setTimeout(() => void this.#attempt(), this.#backoff.next())
  }

  async #attempt(): Promise<void> {
    try {
      await this.#connect()
    } catch (error) {
      if (!(error instanceof KvError)) throw error
      this.#again(error, !error.retryable)
    }
  }

  #enter(state: ClientState, error: KvError | undefined): void {
    this.#error = error
    if (this.#state === state) return
    this.#state = state
    const { onStateChange } = this.#settings
    // In a turn of its own: what a listener throws or calls must not meet our state half changed.
    if (onStateChange !== undefined) queueMicrotask(() => onStateChange(state, error))
  }
}
