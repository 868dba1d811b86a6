/**
 * The batches of an import that are under way. Batches in flight may take effect in any order, so two of them
 * must never hold the same key: whoever adds a record asks `holds` first.
 */
import { KvError } from '@kv/client'
import type { ImportBatch } from './import-batch.ts'
import type { KvWriter } from './kv.ts'

export interface BatchWindowOptions {
  readonly batchesMax: number
  /** Keys and values, where there is more than one batch. */
  readonly bytesMax: number
  readonly signal: AbortSignal | undefined
  readonly onAcknowledged: (batch: ImportBatch) => void
  /** Before a refused batch is sent again. */
  readonly wait: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

export interface BatchFailure {
  readonly error: unknown
  readonly batch: ImportBatch
}

/** A batch that a busy server refuses is sent so often. */
const attemptsMax = 10
const retryMsMin = 20
const retryMsMax = 2_000

export class BatchWindow {
  readonly #kv: KvWriter
  readonly #options: BatchWindowOptions
  readonly #underWay = new Map<ImportBatch, Promise<void>>()
  readonly #keys = new Set<string>()
  /** In the order of their lines: sent, and not acknowledged together with all before them. */
  readonly #unfinished: ImportBatch[] = []
  readonly #acknowledged = new Set<ImportBatch>()
  #bytes = 0
  #linesDone = 0
  #failure: BatchFailure | undefined

  constructor(kv: KvWriter, options: BatchWindowOptions) {
    this.#kv = kv
    this.#options = options
  }

  /** The first; later ones are its consequences as a rule. */
  get failure(): BatchFailure | undefined {
    return this.#failure
  }

  /** The last line of the last batch that is acknowledged together with all before it. */
  get linesDone(): number {
    return this.#linesDone
  }

  holds(key: Buffer): boolean {
    return this.#keys.has(key.toString('latin1'))
  }

  hasRoomFor({ bytes }: ImportBatch): boolean {
    const { batchesMax, bytesMax } = this.#options
    if (this.#underWay.size === 0) return true
    return this.#underWay.size < batchesMax && this.#bytes + bytes <= bytesMax
  }

  /** Resolves when one of the batches under way is settled, or none is. */
  async settledOne(): Promise<void> {
    if (this.#underWay.size > 0) await Promise.race(this.#underWay.values())
  }

  async settledAll(): Promise<void> {
    await Promise.all(this.#underWay.values())
  }

  send(batch: ImportBatch): void {
    this.#bytes += batch.bytes
    this.#unfinished.push(batch)
    for (const key of batch.keys) this.#keys.add(key.toString('latin1'))
    this.#underWay.set(batch, this.#settle(batch))
  }

  async #settle(batch: ImportBatch): Promise<void> {
    try {
      await this.#commit(batch)
      this.#acknowledge(batch)
    } catch (error) {
      this.#failure ??= { error, batch }
    } finally {
      this.#underWay.delete(batch)
      this.#bytes -= batch.bytes
      for (const key of batch.keys) this.#keys.delete(key.toString('latin1'))
    }
  }

  async #commit(batch: ImportBatch): Promise<void> {
    const { signal, wait } = this.#options
    for (let attempt = 1; ; attempt++) {
      try {
        await batch.fill(this.#kv.batch()).commit({ signal })
        return
      } catch (error) {
        const mayTryAgain = error instanceof KvError && error.code === 'KV_TRY_LATER'
        if (!mayTryAgain || attempt === attemptsMax || this.#failure !== undefined) throw error
        await wait(retryMs(error, attempt), signal)
      }
    }
  }

  #acknowledge(batch: ImportBatch): void {
    this.#acknowledged.add(batch)
    for (let first = this.#unfinished[0]; first !== undefined; first = this.#unfinished[0]) {
      if (!this.#acknowledged.delete(first)) break
      this.#linesDone = first.lastLine
      this.#unfinished.shift()
    }
    this.#options.onAcknowledged(batch)
  }
}

/** As the server asks, else twice as long each time. */
function retryMs({ details }: KvError, attempt: number): number {
  const asked = details?.['retryAfterMs']
  const ms = typeof asked === 'number' ? asked : retryMsMin * 2 ** attempt
  return Math.min(retryMsMax, Math.max(retryMsMin, ms))
}
