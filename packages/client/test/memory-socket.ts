/** Stands for the client's socket where a test decides on every byte. No network: all of it is synchronous. */
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export class MemorySocket extends Duplex {
  readonly written: Buffer[] = []
  bytesRead = 0
  /** Makes `write` wait: the stream then says that it is full. */
  held: (() => void) | undefined
  #hold = false

  constructor() {
    super({ highWaterMark: 1_024 })
  }

  get asSocket(): Socket {
    return this as unknown as Socket
  }

  receive(chunk: Buffer): void {
    this.bytesRead += chunk.length
    this.emit('data', chunk)
  }

  /** From now on what is written stays unsent until `release`. */
  hold(): void {
    this.#hold = true
  }

  release(): void {
    this.#hold = false
    this.held?.()
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    // As a system does: the sender may use its memory again.
    this.written.push(Buffer.from(chunk))
    if (this.#hold) this.held = done
    else done()
  }
}
