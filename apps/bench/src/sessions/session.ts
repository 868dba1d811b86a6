/** What a driver does with a store, whatever library it goes through. One file of this folder per library. */

/** Bytes in both forms, made before the clock starts: a library takes the one it is quickest with. ASCII only. */
export interface Value {
  readonly bytes: Buffer
  readonly text: string
}

export interface Entry {
  readonly key: string
  readonly value: Value
}

/** What a read gives, of a length that the driver can check. */
export type Found = Uint8Array | string

/** What a range gave, as far as the driver checks it. */
export class RangeTally {
  count = 0
  first = ''
  last = ''
  /** Of all values together. */
  valueBytes = 0

  /** The next entry, in the order of the answer. */
  add(key: string, valueBytes: number): void {
    if (this.count++ === 0) this.first = key
    this.last = key
    this.valueBytes += valueBytes
  }
}

/** Libraries that work in the same turn return no promise. */
export type Answer<Result> = Promise<Result> | Result

/**
 * A client connected to a server, or a store opened in this process. Every method resolves when the store has
 * acknowledged, and rejects when it refused. What a product has no means for is left out.
 */
export interface Session {
  put(key: string, value: Value): Answer<unknown>
  get(key: string): Answer<Found | undefined>
  /** Removes a key; a missing one is no error. */
  delete(key: string): Answer<unknown>
  /** Writes all entries, all or nothing where the product can. */
  batch?(entries: readonly Entry[]): Answer<unknown>
  /** Reads keys and values of up to `limit` entries in order from `from` on, included. */
  range?(from: string, limit: number, reverse: boolean): Answer<RangeTally>
  /** Brings in many entries by the quickest way its documentation names. Left out: `batch`, else `put`. */
  load?(entries: readonly Entry[]): Answer<unknown>
  /** Reclaims the space of dead records, and resolves when that is done. */
  merge?(): Answer<unknown>
  close(): Promise<void>
}

/**
 * - `always`: acknowledged when on the disk.
 * - `interval`: acknowledged when the operating system has it; on the disk within about a second.
 * - `none`: as `interval`, and the disk follows when the operating system likes.
 */
export type Durability = 'always' | 'interval' | 'none'

/** Where the store is: a port of 127.0.0.1 for a server, a directory for a library. */
export interface Target {
  readonly port?: number
  readonly directory?: string
  readonly durability: Durability
}

/** Opens a session. Each file of this folder exports one, named `open`. */
export type OpenSession = (target: Target) => Promise<Session>
