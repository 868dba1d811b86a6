import { Writable } from 'node:stream'
import { Output } from '../src/output.ts'

/** Keeps what is written; as a terminal, if wanted. */
export class MemoryOutput extends Output {
  readonly chunks: Buffer[]

  constructor({ isTerminal = false, failure }: { isTerminal?: boolean; failure?: Error } = {}) {
    const chunks: Buffer[] = []
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(chunk)
        done(failure)
      },
    })
    super(Object.assign(stream, { isTTY: isTerminal, columns: 100 }))
    this.chunks = chunks
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks)
  }

  get text(): string {
    return this.bytes.toString()
  }
}
