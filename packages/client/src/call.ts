import type { Answer, AnswerByKind, Request, RequestKind } from '@kv/protocol'
import { requestBytes } from './request-bytes.ts'

/** Who is told what becomes of a call. */
export interface CallOwner {
  /** The call is over: its promise is settled. */
  settled(call: Call): void
  /** The caller's signal wants it ended: the owner lets go of it and calls `fail`. */
  cancelled(call: Call): void
}

/** What settles the caller's promise. Methods, so that a call can hold one of any kind. */
export interface Settlement<Kind extends RequestKind = RequestKind, Result = unknown> {
  /** What the caller gets; throws KV_BAD_ANSWER for an answer that does not fit the request. */
  read(answer: AnswerByKind<Buffer>[Kind]): Result
  resolve(result: Result): void
  reject(error: unknown): void
}

/** One request from when it is made until its promise is settled, over as many connections as that takes. */
export class Call {
  readonly kind: RequestKind
  readonly timeoutMs: number
  /** By `performance.now()`. */
  readonly deadline: number
  /** Of keys and values. */
  readonly bytes: number
  /** Whether a server may have seen it. */
  sent = false
  /** Connections lost while it was unanswered. */
  losses = 0
  #settled = false
  #request: Request | undefined
  readonly #owner: CallOwner
  readonly #settlement: Settlement
  readonly #signal: AbortSignal | undefined
  #onAbort: (() => void) | undefined

  constructor(
    owner: CallOwner,
    request: Request,
    settlement: Settlement,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ) {
    this.kind = request.kind
    this.timeoutMs = timeoutMs
    this.deadline = performance.now() + timeoutMs
    this.bytes = requestBytes(request)
    this.#request = request
    this.#owner = owner
    this.#settlement = settlement
    this.#signal = signal
  }

  /** Its promise is settled; an answer that still comes is nobody's. */
  get settled(): boolean {
    return this.#settled
  }

  /** Undefined once a write is sent: it is never sent twice, and its value may be large. */
  get request(): Request | undefined {
    return this.#request
  }

  /** A read may be asked again, as nothing comes of asking twice. */
  get isRead(): boolean {
    return (
      this.kind !== 'put' &&
      this.kind !== 'delete' &&
      this.kind !== 'batch' &&
      this.kind !== 'merge'
    )
  }

  get signal(): AbortSignal | undefined {
    return this.#signal
  }

  /** From now on the caller's signal ends it. */
  watchSignal(): void {
    if (this.#signal === undefined) return
    this.#onAbort = () => this.#owner.cancelled(this)
    this.#signal.addEventListener('abort', this.#onAbort)
  }

  /** Before waiting: takes the bytes over, as the caller may reuse his when the call has returned. */
  keepBytes(): void {
    if (this.#request?.kind !== 'put') return
    this.#request = { ...this.#request, value: Buffer.from(this.#request.value) }
  }

  /** After waiting: the server is told what is left of the time. */
  renewDeadline(): void {
    if (this.#request === undefined) return
    const timeoutMs = Math.max(1, Math.ceil(this.deadline - performance.now()))
    this.#request = { ...this.#request, context: { timeoutMs } }
  }

  markSent(): void {
    this.sent = true
    if (!this.isRead) this.#request = undefined
  }

  /** Throws KV_BAD_ANSWER, and stays unsettled, when the answer does not fit the request. */
  succeed(answer: Answer<Buffer>): void {
    const result = this.#settlement.read(answer)
    this.#settle()
    this.#settlement.resolve(result)
  }

  fail(error: unknown): void {
    this.#settle()
    this.#settlement.reject(error)
  }

  #settle(): void {
    this.#settled = true
    this.#request = undefined
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#owner.settled(this)
  }
}
