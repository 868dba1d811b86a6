import type { KvError } from '@kv/protocol'
import type { Call, CallOwner } from './call.ts'
import type { ClientCounters } from './counters.ts'
import { DeadlineTimer } from './deadline-timer.ts'
import { cancelled, closed, full, lostInFlight, notConnected, timedOut } from './errors.ts'
import type { LinkOwner } from './link.ts'
import { Link } from './link.ts'
import type { Settings } from './options.ts'
import type { ServerInfo } from './server-info.ts'

/** Connections that may be lost under a read before it fails: one that kills servers must not travel for ever. */
const lossesMax = 5

/**
 * Brings calls to the connection, oldest first. A call is sent at once where there is a connection with room;
 * else it waits. What waits and what is in flight is bounded in number, in bytes, and in time.
 */
export class Dispatcher implements CallOwner, LinkOwner {
  readonly #settings: Settings
  readonly #link: Link
  readonly #deadlines = new DeadlineTimer((now) => this.#sweep(now))
  #waiting = new Set<Call>()
  /** Calls whose promise is not settled, and the bytes of their keys and values. */
  #pending = 0
  #pendingBytes = 0
  #retries = 0
  #timeouts = 0
  #refused = 0
  /** Resolves the promise of `close` when nothing is pending any more. */
  #drained: (() => void) | undefined
  #closing: Promise<void> | undefined

  private constructor(settings: Settings) {
    this.#settings = settings
    this.#link = new Link(settings, this)
  }

  /** Rejects with a KvError when the first connection cannot be made. */
  static async open(settings: Settings): Promise<Dispatcher> {
    const dispatcher = new Dispatcher(settings)
    await dispatcher.#link.open()
    return dispatcher
  }

  get server(): ServerInfo {
    return this.#link.server
  }

  get counters(): ClientCounters {
    return {
      state: this.#link.state,
      inFlight: this.#link.connection?.inFlight ?? 0,
      waiting: this.#waiting.size,
      pendingBytes: this.#pendingBytes,
      reconnects: this.#link.reconnects,
      retries: this.#retries,
      timeouts: this.#timeouts,
      refused: this.#refused,
    }
  }

  /** Throws, and has nothing to do with the call any more, when it can be neither sent nor kept waiting. */
  start(call: Call): void {
    if (this.#closing !== undefined) throw closed()
    if (call.signal?.aborted) throw cancelled(call)
    this.#checkBytes(call)
    const connection = this.#link.connection
    if (connection?.canSend && this.#waiting.size === 0) connection.send(call)
    else this.#wait(call)
    this.#pending++
    this.#pendingBytes += call.bytes
    this.#deadlines.watch(call.deadline)
    call.watchSignal()
  }

  /** Ends when every call has: each has its deadline. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  settled(call: Call): void {
    this.#pending--
    this.#pendingBytes -= call.bytes
    if (this.#pending === 0) this.#drained?.()
  }

  cancelled(call: Call): void {
    this.#waiting.delete(call)
    call.fail(cancelled(call))
  }

  ready(): void {
    const connection = this.#link.connection
    for (const call of this.#waiting) {
      if (!connection?.canSend) return
      this.#waiting.delete(call)
      try {
        call.renewDeadline()
        connection.send(call)
      } catch (error) {
        call.fail(error)
      }
    }
  }

  lost(error: KvError, calls: readonly Call[]): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const call of calls) {
      call.losses++
      if (call.isRead && call.losses <= lossesMax) this.#waiting.add(call)
      else call.fail(lostInFlight(call, error))
    }
    this.#retries += this.#waiting.size
    for (const call of waiting) this.#waiting.add(call)
    if (this.#closing !== undefined) this.#failWaiting(closed)
  }

  gaveUp(error: KvError): void {
    this.#failWaiting((call) => notConnected(call, error))
  }

  async #close(): Promise<void> {
    if (this.#link.connection === undefined) this.#failWaiting(closed)
    if (this.#pending > 0) await new Promise<void>((resolve) => (this.#drained = resolve))
    this.#deadlines.stop()
    await this.#link.close()
  }

  #checkBytes({ bytes }: Call): void {
    const { pendingBytesMax } = this.#settings
    // One call alone may have any size: otherwise it could never be made.
    if (this.#pending === 0 || this.#pendingBytes + bytes <= pendingBytesMax) return
    this.#refused++
    throw full(`the calls under way hold ${this.#pendingBytes} of ${pendingBytesMax} bytes`)
  }

  #wait(call: Call): void {
    if (this.#waiting.size >= this.#settings.waitingMax) {
      this.#refused++
      throw full(`${this.#waiting.size} calls are waiting`)
    }
    call.keepBytes()
    this.#waiting.add(call)
    this.#link.wake()
  }

  #failWaiting(errorOf: (call: Call) => KvError): void {
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const call of waiting) call.fail(errorOf(call))
  }

  /** Ends what is due; the earliest deadline that is left, or Infinity. */
  #sweep(now: number): number {
    const { connection } = this.#link
    let earliest = Infinity
    for (const call of this.#waiting) {
      if (call.deadline > now) earliest = Math.min(earliest, call.deadline)
      else {
        this.#waiting.delete(call)
        this.#expire(call)
      }
    }
    for (const call of connection?.unsettled() ?? []) {
      if (call.deadline > now) earliest = Math.min(earliest, call.deadline)
      else {
        this.#expire(call)
        connection?.suspect()
      }
    }
    return earliest
  }

  #expire(call: Call): void {
    this.#timeouts++
    call.fail(timedOut(call, this.#link.error))
  }
}
