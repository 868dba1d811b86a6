/**
 * Gathers frames (frame.ts) of one event-loop turn, so that they leave together. Everything is
 * copied: the caller may reuse its keys and values as soon as `append` returns.
 */
import { KvError } from './errors.ts'
import { frameHeaderBytes } from './frame.ts'
import { serverLimitsDefault } from './limits.ts'
import { MsgpackWriter } from './msgpack-writer.ts'

/** Writes one message: `encodeRequest` on a client, `encodeAnswer` on a server. */
export type Encode<Message> = (out: MsgpackWriter, requestId: number, message: Message) => void

export class FrameWriter<Message> {
  /** A message over it is refused before it is sent; a client sets what the hello answer said. */
  frameBytesMax: number
  readonly #encode: Encode<Message>
  readonly #out = new MsgpackWriter()

  constructor(encode: Encode<Message>, frameBytesMax: number = serverLimitsDefault.frameBytesMax) {
    this.#encode = encode
    this.frameBytesMax = frameBytesMax
  }

  /** Bytes that the next `take` hands out. */
  get pendingBytes(): number {
    return this.#out.length
  }

  /** Throws KV_BATCH_TOO_LARGE for a message over the limit, TypeError or RangeError for a wrong one; then nothing of it is kept. */
  append(requestId: number, message: Message): void {
    const out = this.#out
    const start = out.length
    try {
      out.skipU32()
      this.#encode(out, requestId, message)
      const payloadBytes = out.length - start - frameHeaderBytes
      if (payloadBytes > this.frameBytesMax) throw tooLarge(payloadBytes, this.frameBytesMax)
      out.patchU32(start, payloadBytes)
    } catch (error) {
      out.truncate(start)
      throw error
    }
  }

  /** All frames appended since the last call, as one buffer, which the writer does not touch before {@link reuse}. */
  take(): Buffer {
    return this.#out.take()
  }

  /**
   * Says that nobody uses any longer what was taken so far: its memory is written again. Memory outside the heap that
   * comes and goes makes V8 collect all garbage, not just the new one, many times a second.
   */
  reuse(): void {
    this.#out.reuse()
  }
}

function tooLarge(bytes: number, limit: number): KvError {
  return new KvError(
    'KV_BATCH_TOO_LARGE',
    `the message has ${bytes} bytes, the limit is ${limit}; nothing of it was sent: split it`,
  )
}
