/**
 * Cuts a stream of bytes into frames (frame.ts), however the stream was cut into chunks.
 *
 * A frame inside one chunk is a view of it. One that crosses chunks is gathered in a buffer that grows as
 * bytes arrive: the copying is linear, and memory follows what was received, never what a length field
 * claims.
 */
import { KvError } from './errors.ts'
import { frameHeaderBytes } from './frame.ts'
import { helloFrameBytesMax } from './limits.ts'

/** Room per byte received: the larger, the fewer copies; pages not yet written cost no memory. */
const growth = 4
/** Enough for the usual small message whose frame was cut in two. */
const gatherBytesMin = 256

export class FrameDecoder {
  /** Limit of the payload, held against the length field alone. Raise it once hello is through. */
  frameBytesMax: number
  readonly #errorCode: 'KV_BAD_REQUEST' | 'KV_BAD_ANSWER'
  #failure: KvError | undefined
  /** Chunks not yet looked at; the first from #position on. */
  readonly #chunks: Buffer[] = []
  #position = 0
  #bufferedBytes = 0
  /** The beginning of a frame whose rest has not come yet, with its header: `#gatheredBytes` of it are filled. */
  #gathered: Buffer | undefined
  #gatheredBytes = 0

  /** `errorCode` is for the side that reads: a client is the one that gets bad answers. */
  constructor(
    frameBytesMax: number = helloFrameBytesMax,
    errorCode: 'KV_BAD_REQUEST' | 'KV_BAD_ANSWER' = 'KV_BAD_REQUEST',
  ) {
    this.frameBytesMax = frameBytesMax
    this.#errorCode = errorCode
  }

  /** Bytes received and not yet handed out. */
  get bufferedBytes(): number {
    return this.#bufferedBytes
  }

  /** Takes `chunk` over: frames are views of it, so its bytes must not change any more. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#bufferedBytes += chunk.length
  }

  /**
   * The payload of the next frame, or undefined until more is pushed. It shares memory with a chunk: copy
   * what is kept. Throws KvError for a length out of bounds, and from then on for every call.
   */
  next(): Buffer | undefined {
    if (this.#failure !== undefined) throw this.#failure
    for (;;) {
      const chunk = this.#chunks[0]
      if (chunk === undefined) return undefined
      const payload = this.#gathered === undefined ? this.#cut(chunk) : this.#gather(chunk)
      if (payload !== undefined) {
        this.#bufferedBytes -= payload.length + frameHeaderBytes
        return payload
      }
    }
  }

  /** A frame that lies in `chunk` as a whole; otherwise begins to gather. */
  #cut(chunk: Buffer): Buffer | undefined {
    const start = this.#position + frameHeaderBytes
    if (start <= chunk.length) {
      const end = start + this.#checked(chunk.readUInt32BE(this.#position))
      if (end <= chunk.length) {
        this.#advance(chunk, end)
        return chunk.subarray(start, end)
      }
    }
    this.#gathered = Buffer.allocUnsafeSlow(Math.max(gatherBytesMin, chunk.length - this.#position))
    this.#gatheredBytes = 0
    return undefined
  }

  /** Moves what `chunk` has of the frame begun; the payload once it is whole. */
  #gather(chunk: Buffer): Buffer | undefined {
    if (this.#gatheredBytes < frameHeaderBytes) {
      this.#take(chunk, frameHeaderBytes)
      if (this.#gatheredBytes < frameHeaderBytes) return undefined
    }
    const gathered = this.#gathered!
    const end = frameHeaderBytes + this.#checked(gathered.readUInt32BE(0))
    const current = this.#chunks[0]
    if (current !== undefined) this.#take(current, end)
    if (this.#gatheredBytes < end) return undefined
    const payload = this.#gathered!.subarray(frameHeaderBytes, end)
    this.#gathered = undefined
    return payload
  }

  /** Copies from `chunk` until `end` bytes are gathered or it has no more. */
  #take(chunk: Buffer, end: number): void {
    const from = this.#position
    const to = Math.min(chunk.length, from + end - this.#gatheredBytes)
    const filled = this.#gatheredBytes + to - from
    let gathered = this.#gathered!
    if (filled > gathered.length) {
      const grown = Buffer.allocUnsafeSlow(Math.min(end, growth * filled))
      grown.set(gathered.subarray(0, this.#gatheredBytes))
      gathered = grown
      this.#gathered = grown
    }
    chunk.copy(gathered, this.#gatheredBytes, from, to)
    this.#gatheredBytes = filled
    this.#advance(chunk, to)
  }

  #advance(chunk: Buffer, position: number): void {
    this.#position = position
    if (position < chunk.length) return
    this.#chunks.shift()
    this.#position = 0
  }

  #checked(length: number): number {
    if (length > 0 && length <= this.frameBytesMax) return length
    this.#failure = new KvError(
      this.#errorCode,
      `a frame claims ${length} bytes; 1 to ${this.frameBytesMax} are allowed, and the peer may not speak kv at all`,
    )
    throw this.#failure
  }
}
