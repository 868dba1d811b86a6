import type { ClientState } from './options.ts'

/** What the client itself knows, at one moment; `stats()` asks the server. */
export interface ClientCounters {
  readonly state: ClientState
  /** Requests on the connection whose answer has not come, given up ones included. */
  readonly inFlight: number
  /** Calls that have not been sent: for want of room or of a connection. */
  readonly waiting: number
  /** Bytes of the keys and values of all unsettled calls. */
  readonly pendingBytes: number
  /** Connections made after the first. */
  readonly reconnects: number
  /** Reads asked again on another connection. */
  readonly retries: number
  /** Calls ended by their timeout. */
  readonly timeouts: number
  /** Calls refused because a queue was full. */
  readonly refused: number
}
