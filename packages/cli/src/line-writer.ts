import type { Sink } from './output.ts'

const gatheredCharactersMax = 64 * 1024

/** Gathers lines, so that many go out in one write. */
export class LineWriter {
  readonly #sink: Sink
  #gathered = ''

  constructor(sink: Sink) {
    this.#sink = sink
  }

  /** A promise only when the caller has to wait. */
  write(line: string): Promise<void> | undefined {
    this.#gathered += `${line}\n`
    return this.#gathered.length < gatheredCharactersMax ? undefined : this.flush()
  }

  async flush(): Promise<void> {
    const text = this.#gathered
    this.#gathered = ''
    if (text !== '') await this.#sink.write(text)
  }
}
