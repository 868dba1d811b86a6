import type { JsonRecord } from './json-lines.ts'
import type { KvBatch } from './kv.ts'

/** Records that are sent together. */
export class ImportBatch {
  readonly firstLine: number
  readonly #records: JsonRecord[] = []
  #lastLine: number
  #bytes = 0

  constructor(firstLine: number) {
    this.firstLine = firstLine
    this.#lastLine = firstLine
  }

  get lastLine(): number {
    return this.#lastLine
  }

  get records(): number {
    return this.#records.length
  }

  /** Of keys and values. */
  get bytes(): number {
    return this.#bytes
  }

  get keys(): Buffer[] {
    return this.#records.map(({ key }) => key)
  }

  add(record: JsonRecord, line: number): void {
    this.#records.push(record)
    this.#bytes += recordBytes(record)
    this.#lastLine = line
  }

  /** Puts all of it, in order, into a batch of the client. */
  fill(batch: KvBatch): KvBatch {
    for (const { key, value } of this.#records) batch.put(key, value)
    return batch
  }
}

export function recordBytes({ key, value }: JsonRecord): number {
  return key.length + value.length
}
