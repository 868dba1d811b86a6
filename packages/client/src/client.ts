import type {
  MergeAction,
  PlainMap,
  RangeAnswer,
  Request,
  RequestContext,
  RequestKind,
} from '@kv/protocol'
import { Batch } from './batch.ts'
import type { Bytes } from './bytes.ts'
import { bytesOf, ownBytes } from './bytes.ts'
import type { Settlement } from './call.ts'
import { Call } from './call.ts'
import type { CallOptions, DeleteOptions, PutOptions } from './call-options.ts'
import { checkCallOptions, writeOptionsOf } from './call-options.ts'
import type { ClientCounters } from './counters.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { KeyEntry, RangeEntry } from './range.ts'
import { entriesOf } from './range.ts'
import type { RangeOptions, RangeQuery } from './range-options.ts'
import { rangeQueryOf } from './range-options.ts'
import type { RangePage } from './range-page.ts'
import { checkPage } from './range-page.ts'
import type { DeleteResult, GetResult, PingResult, PutResult } from './results.ts'
import {
  batchResult,
  deleteResult,
  getManyResult,
  getResult,
  pingResult,
  putResult,
} from './results.ts'
import type { ServerInfo } from './server-info.ts'

const noOptions: CallOptions = {}

/** For a `merge` without a `timeoutMs`: it rewrites files. */
const mergeTimeoutMs = 600_000

/**
 * A connection to a node, kept up. A call rejects with a KvError for what can be expected to fail, and with
 * a TypeError or RangeError for wrong arguments. Calls may take effect in any order unless one is awaited
 * before the next. Keys and values are the caller's again as soon as a call has returned its promise.
 */
export class Client implements AsyncDisposable {
  readonly #dispatcher: Dispatcher
  readonly #timeoutMs: number
  /** Shared by the calls without a timeout of their own. */
  readonly #context: RequestContext

  constructor(dispatcher: Dispatcher, requestTimeoutMs: number) {
    this.#dispatcher = dispatcher
    this.#timeoutMs = requestTimeoutMs
    this.#context = { timeoutMs: requestTimeoutMs }
  }

  get server(): ServerInfo {
    return this.#dispatcher.server
  }

  /** What the client knows without asking: its state, its queues, its losses. */
  get counters(): ClientCounters {
    return this.#dispatcher.counters
  }

  put(key: Bytes, value: Bytes, options: PutOptions = noOptions): Promise<PutResult> {
    return new Promise((resolve, reject) => {
      const context = this.#contextOf(options)
      const request = {
        kind: 'put' as const,
        key: ownBytes(key, 'key'),
        value: bytesOf(value, 'value'),
        options: writeOptionsOf(options),
        context,
      }
      this.#start(request, options, { read: putResult, resolve, reject })
    })
  }

  /** Undefined when the key does not exist. */
  get(key: Bytes, options: CallOptions = noOptions): Promise<GetResult | undefined> {
    return new Promise((resolve, reject) => {
      const context = this.#contextOf(options)
      const request = { kind: 'get' as const, key: ownBytes(key, 'key'), context }
      this.#start(request, options, { read: getResult, resolve, reject })
    })
  }

  /** One result per key, in the order of the keys. The server's `batchOpsMax` limits how many. */
  getMany(
    keys: Iterable<Bytes>,
    options: CallOptions = noOptions,
  ): Promise<(GetResult | undefined)[]> {
    return new Promise((resolve, reject) => {
      const context = this.#contextOf(options)
      const wanted = Array.from(keys, (key) => ownBytes(key, 'each of keys'))
      const request = { kind: 'getMany' as const, keys: wanted, context }
      this.#start(request, options, {
        read: (answer) => getManyResult(answer, wanted.length),
        resolve,
        reject,
      })
    })
  }

  delete(key: Bytes, options: DeleteOptions = noOptions): Promise<DeleteResult> {
    return new Promise((resolve, reject) => {
      const context = this.#contextOf(options)
      const request = {
        kind: 'delete' as const,
        key: ownBytes(key, 'key'),
        options: writeOptionsOf(options),
        context,
      }
      this.#start(request, options, { read: deleteResult, resolve, reject })
    })
  }

  /** Puts and deletes that take effect together; see `Batch`. */
  batch(): Batch {
    return new Batch(
      (operations, options) =>
        new Promise((resolve, reject) => {
          const context = this.#contextOf(options)
          const request = {
            kind: 'batch' as const,
            operations,
            options: writeOptionsOf(options),
            context,
          }
          this.#start(request, options, { read: batchResult, resolve, reject })
        }),
    )
  }

  /**
   * The entries between bounds, in the order of their keys' bytes, fetched page by page as they are
   * consumed: `for await (const { key, value } of client.range({ prefix: 'user:' }))`. Throws TypeError or
   * RangeError for wrong options at once.
   */
  range(
    options: RangeOptions & { readonly keysOnly: true },
  ): AsyncGenerator<KeyEntry, void, undefined>
  range(
    options?: RangeOptions & { readonly keysOnly?: false | undefined },
  ): AsyncGenerator<RangeEntry, void, undefined>
  range(options?: RangeOptions): AsyncGenerator<RangeEntry | KeyEntry, void, undefined>
  range(options: RangeOptions = {}): AsyncGenerator<RangeEntry | KeyEntry, void, undefined> {
    const query = rangeQueryOf(options)
    checkCallOptions(query.call)
    return entriesOf(query, (page) => this.#fetchPage(query, page))
  }

  /** The server's statistics, as it names them. */
  stats(options: CallOptions = noOptions): Promise<PlainMap> {
    return new Promise((resolve, reject) => {
      const request = { kind: 'stats' as const, context: this.#contextOf(options) }
      this.#start(request, options, { read: (answer) => answer.stats, resolve, reject })
    })
  }

  /**
   * Rewrites segments without their dead records; resolves with a report. Without a `timeoutMs`: 10 minutes. How far
   * it is shows in {@link stats}, under `store.merges.progress`.
   */
  merge(options: CallOptions = noOptions): Promise<PlainMap> {
    return this.#merges('now', { ...options, timeoutMs: options.timeoutMs ?? mergeTimeoutMs })
  }

  /** Halts the merge that is running, and lets none begin until {@link resumeMerges}. Resolves with how merges stand. */
  pauseMerges(options: CallOptions = noOptions): Promise<PlainMap> {
    return this.#merges('pause', options)
  }

  /** Lets merges go on. Resolves with how they stand. */
  resumeMerges(options: CallOptions = noOptions): Promise<PlainMap> {
    return this.#merges('resume', options)
  }

  /** Goes to the server and back. */
  ping(options: CallOptions = noOptions): Promise<PingResult> {
    return new Promise((resolve, reject) => {
      const request = { kind: 'ping' as const, context: this.#contextOf(options) }
      this.#start(request, options, { read: pingResult, resolve, reject })
    })
  }

  /**
   * Takes no more calls (KV_CLOSED), waits for those under way, which have their timeouts, and closes the
   * connection. Without a connection, calls that wait for one end with KV_CLOSED at once.
   */
  close(): Promise<void> {
    return this.#dispatcher.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #fetchPage(query: RangeQuery, page: RangePage): Promise<RangeAnswer<Buffer>> {
    return new Promise((resolve, reject) => {
      const { reverse, keysOnly, call } = query
      const context = this.#contextOf(call)
      const request = { kind: 'range' as const, ...page, reverse, keysOnly, context }
      const read = (answer: RangeAnswer<Buffer>) => {
        checkPage(answer, page, query)
        return answer
      }
      this.#start(request, call, { read, resolve, reject })
    })
  }

  #merges(action: MergeAction, options: CallOptions): Promise<PlainMap> {
    return new Promise((resolve, reject) => {
      const request = { kind: 'merge' as const, action, context: this.#contextOf(options) }
      this.#start(request, options, { read: (answer) => answer.report, resolve, reject })
    })
  }

  #contextOf(options: CallOptions): RequestContext {
    if (options === noOptions) return this.#context
    checkCallOptions(options)
    return options.timeoutMs === undefined ? this.#context : { timeoutMs: options.timeoutMs }
  }

  #start<Kind extends RequestKind, Result>(
    request: Request & { readonly kind: Kind },
    options: CallOptions,
    settlement: Settlement<Kind, Result>,
  ): void {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs
    this.#dispatcher.start(
      new Call(this.#dispatcher, request, settlement, timeoutMs, options.signal),
    )
  }
}
