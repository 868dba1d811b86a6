/**
 * Imports JSON Lines in batches, several in flight, in constant memory.
 *
 * - A batch takes effect as a whole or not at all, and only acknowledged records are counted.
 * - Of a key that occurs more than once, the last line wins.
 * - A batch that a busy server refuses is sent again. Any other failure ends the import, when the batches in
 *   flight are settled.
 * - The same input can be imported again: it puts the same values.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServerLimits } from '@kv/client'
import { KvError } from '@kv/client'
import { BatchWindow } from './batch-window.ts'
import { ImportBatch, recordBytes } from './import-batch.ts'
import type { ImportProgress, ImportReport } from './import-report.ts'
import type { LineSpan } from './import-stopped.ts'
import { ImportStopped } from './import-stopped.ts'
import type { JsonRecord } from './json-lines.ts'
import { JsonLineError, parseRecord } from './json-lines.ts'
import type { KvWriter } from './kv.ts'
import type { Line } from './line-splitter.ts'
import { LineSplitter, LineTooLongError } from './line-splitter.ts'

export interface ImportOptions {
  /** Of one batch. Default 500. */
  readonly batchRecordsMax?: number | undefined
  /** Keys and values of one batch, where it has more than one record. Default 256 KiB. */
  readonly batchBytesMax?: number | undefined
  /** Unacknowledged batches. Default 8. */
  readonly batchesInFlightMax?: number | undefined
  /** Keys and values of the unacknowledged batches, where there is more than one. Default 16 MiB. */
  readonly bytesInFlightMax?: number | undefined
  /** Default 128 MiB: a value of 16 MiB, each byte of which is written like `\u0000`, fits. */
  readonly lineBytesMax?: number | undefined
  /** The server's: with them a record that is too large is found by its line. */
  readonly limits?: Pick<ServerLimits, 'keyBytesMax' | 'valueBytesMax'> | undefined
  /** Ends the import; what is in flight may or may not take effect. */
  readonly signal?: AbortSignal | undefined
  /** The keys of a batch that the server has acknowledged, in the order of their lines. */
  readonly onAcknowledged?: ((keys: readonly Uint8Array[]) => void) | undefined
  /** After each piece of input. */
  readonly onProgress?: ((progress: ImportProgress) => void) | undefined
  /** Waits before a refused batch is sent again; for tests. */
  readonly wait?: ((ms: number, signal: AbortSignal | undefined) => Promise<void>) | undefined
}

/** Throws ImportStopped, which tells what was imported all the same. */
export function importRecords(
  kv: KvWriter,
  chunks: AsyncIterable<Buffer>,
  options: ImportOptions = {},
): Promise<ImportReport> {
  return new Importer(kv, options).run(chunks)
}

interface InputFailure {
  readonly error: unknown
  readonly line: number | undefined
}

class Importer {
  readonly #options: ImportOptions
  readonly #batchRecordsMax: number
  readonly #batchBytesMax: number
  readonly #splitter: LineSplitter
  readonly #window: BatchWindow
  #batch: ImportBatch | undefined
  #linesTaken = 0
  #inputBytes = 0
  #records = 0
  #bytes = 0

  constructor(kv: KvWriter, options: ImportOptions) {
    this.#options = options
    this.#batchRecordsMax = options.batchRecordsMax ?? 500
    this.#batchBytesMax = options.batchBytesMax ?? 256 * 1024
    this.#splitter = new LineSplitter(options.lineBytesMax ?? 128 * 1024 * 1024)
    this.#window = new BatchWindow(kv, {
      batchesMax: options.batchesInFlightMax ?? 8,
      bytesMax: options.bytesInFlightMax ?? 16 * 1024 * 1024,
      signal: options.signal,
      onAcknowledged: (batch) => this.#acknowledge(batch),
      wait: options.wait ?? waitMs,
    })
  }

  async run(chunks: AsyncIterable<Buffer>): Promise<ImportReport> {
    const inputFailure = await this.#takeAll(chunks)
    // What stands before a bad line is imported all the same, so that the message can say up to where.
    if (this.#options.signal?.aborted !== true) await this.#send()
    await this.#window.settledAll()
    const { failure } = this.#window
    if (failure === undefined && inputFailure === undefined) return this.#report()
    const error = failure === undefined ? inputFailure?.error : failure.error
    throw new ImportStopped(this.#report(), this.#linesOf(inputFailure), error)
  }

  /** Undefined when the input has come to its end, or when a batch has failed. */
  async #takeAll(chunks: AsyncIterable<Buffer>): Promise<InputFailure | undefined> {
    try {
      for await (const chunk of chunks) {
        for (const line of this.#splitter.push(chunk)) {
          await this.#take(line)
          if (this.#window.failure !== undefined) return undefined
        }
        this.#inputBytes += chunk.length
        this.#options.onProgress?.({ records: this.#records, inputBytes: this.#inputBytes })
      }
      for (const line of this.#splitter.end()) await this.#take(line)
      return undefined
    } catch (error) {
      return { error, line: this.#lineOf(error) }
    }
  }

  async #take({ number, bytes }: Line): Promise<void> {
    if (!isBlank(bytes)) {
      const record = parseRecord(bytes)
      this.#checkSize(record)
      await this.#add(record, number)
    }
    this.#linesTaken = number
  }

  #checkSize({ key, value }: JsonRecord): void {
    const { limits } = this.#options
    if (limits === undefined) return
    checkSize('key', 'KV_KEY_TOO_LARGE', key.length, limits.keyBytesMax)
    checkSize('value', 'KV_VALUE_TOO_LARGE', value.length, limits.valueBytesMax)
  }

  async #add(record: JsonRecord, line: number): Promise<void> {
    while (this.#window.holds(record.key)) await this.#window.settledOne()
    const bytes = (this.#batch?.bytes ?? 0) + recordBytes(record)
    if (bytes > this.#batchBytesMax) await this.#send()
    this.#batch ??= new ImportBatch(line)
    this.#batch.add(record, line)
    if (this.#batch.records >= this.#batchRecordsMax) await this.#send()
  }

  async #send(): Promise<void> {
    const batch = this.#batch
    if (batch === undefined) return
    while (!this.#window.hasRoomFor(batch)) await this.#window.settledOne()
    this.#batch = undefined
    if (this.#window.failure === undefined) this.#window.send(batch)
  }

  #acknowledge(batch: ImportBatch): void {
    this.#records += batch.records
    this.#bytes += batch.bytes
    this.#options.onAcknowledged?.(batch.keys)
  }

  #report(): ImportReport {
    const complete = this.#batch === undefined && this.#window.failure === undefined
    const linesDone = complete ? this.#linesTaken : this.#window.linesDone
    return { records: this.#records, bytes: this.#bytes, linesDone }
  }

  #lineOf(error: unknown): number | undefined {
    if (error instanceof LineTooLongError) return error.line
    const ofThisLine = error instanceof JsonLineError || error instanceof KvError
    return ofThisLine ? this.#linesTaken + 1 : undefined
  }

  #linesOf(inputFailure: InputFailure | undefined): LineSpan | undefined {
    const { failure } = this.#window
    if (failure !== undefined)
      return { first: failure.batch.firstLine, last: failure.batch.lastLine }
    const line = inputFailure?.line
    return line === undefined ? undefined : { first: line, last: line }
  }
}

function checkSize(
  name: string,
  code: 'KV_KEY_TOO_LARGE' | 'KV_VALUE_TOO_LARGE',
  bytes: number,
  bytesMax: number,
): void {
  if (bytes <= bytesMax) return
  throw new KvError(code, `the ${name} has ${bytes} bytes, the server takes ${bytesMax}`)
}

/** Line breaks of Windows, spaces and tabs. */
function isBlank(line: Buffer): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d)
}

async function waitMs(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await sleep(ms, undefined, signal === undefined ? {} : { signal })
}
