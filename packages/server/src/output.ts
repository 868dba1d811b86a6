import type { Socket } from 'node:net'
import type { Answer } from '@kv/protocol'
import { encodeAnswer, FrameWriter, type KvError } from '@kv/protocol'

export interface OutputLimits {
  readonly outputBytesSlow: number
  readonly outputSlowMs: number
  readonly outputBytesMax: number
}

/** The answers of one connection on their way out: gathered, then written at once. */
export class Output {
  readonly #socket: Socket
  readonly #writer: FrameWriter<Answer | KvError>
  readonly #onWritten: () => void
  /** When the system last took all that a write gave it, in ms. */
  #writtenAt = 0
  /** Since when more than `outputBytesSlow` wait, in ms. */
  #slowSince: number | undefined

  constructor(socket: Socket, frameBytesMax: number, onWritten: () => void) {
    this.#socket = socket
    this.#writer = new FrameWriter(encodeAnswer, frameBytesMax)
    this.#onWritten = onWritten
  }

  /** Bytes that the system has not taken yet. */
  get queuedBytes(): number {
    return this.#writer.pendingBytes + this.#socket.writableLength
  }

  /** Returns the bytes appended. Throws KvError for an answer that is too large for a frame. */
  append(requestId: number, answer: Answer | KvError): number {
    const before = this.#writer.pendingBytes
    this.#writer.append(requestId, answer)
    return this.#writer.pendingBytes - before
  }

  /** Writes what was appended since the last time. Returns how much that was. */
  flush(): number {
    const bytes = this.#writer.pendingBytes
    if (bytes > 0) {
      if (this.#socket.writableLength === 0) this.#writtenAt = performance.now()
      this.#socket.write(this.#writer.take(), this.#written)
      // The system has copied all of it.
      if (this.#socket.writableLength === 0) this.#writer.reuse()
    }
    return bytes
  }

  /** How long nothing was taken although something waits, in ms. */
  stalledMs(now: number): number {
    return this.#socket.writableLength === 0 ? 0 : now - this.#writtenAt
  }

  /** Whether the client takes its answers so slowly that it must go. Asked every now and then. */
  isTooSlow(now: number, limits: OutputLimits): boolean {
    const { queuedBytes } = this
    if (queuedBytes <= limits.outputBytesSlow) this.#slowSince = undefined
    else this.#slowSince ??= now
    return (
      queuedBytes > limits.outputBytesMax ||
      (this.#slowSince !== undefined && now - this.#slowSince >= limits.outputSlowMs)
    )
  }

  readonly #written = (): void => {
    this.#writtenAt = performance.now()
    this.#onWritten()
  }
}
