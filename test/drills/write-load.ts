import { performance } from 'node:perf_hooks'
import type { ExpectedState } from '../../apps/bench/src/expected-state.ts'
import { SeededRandom } from '../../packages/engine/src/file-system/seeded-random.ts'
import { KvError, type Operation, type Request } from '../../packages/protocol/src/index.ts'
import type { DrillClient } from './drill-client.ts'

const keysPerWriter = 12

/** One writer: one request after the other on a connection of its own, on keys of its own. */
export class WriteLoad {
  acknowledged = 0
  /** Of the acknowledged ones, in ms. */
  readonly latenciesMs: number[] = []
  /** Codes of those that were refused, and of those whose outcome is unknown. */
  readonly errors: string[] = []
  readonly #client: DrillClient
  readonly #writer: number
  readonly #random: SeededRandom
  readonly #expected: ExpectedState
  #serial = 0

  constructor(client: DrillClient, writer: number, seed: number, expected: ExpectedState) {
    this.#client = client
    this.#writer = writer
    this.#random = new SeededRandom(seed)
    this.#expected = expected
  }

  /** Makes `count` writes, fewer when the outcome of one is unknown: then the server has failed. */
  async write(count: number): Promise<void> {
    for (let write = 0; write < count; write++) {
      const keys = this.#keys(this.#random.below(5) === 0 ? 3 : 1)
      const value = this.#random.below(6) === 0 ? undefined : this.#value()
      const batch = keys.length > 1 ? this.#writer * 1_000_000 + write : undefined
      for (const key of keys) this.#expected.sending(key, value, batch)
      const sentAt = performance.now()
      const answer = await this.#client.tell(requestOf(keys, value))
      if (!(answer instanceof KvError)) {
        this.acknowledged++
        // Of a key that is absent nothing has to be written.
        if (!('existed' in answer) || answer.existed) {
          this.latenciesMs.push(performance.now() - sentAt)
        }
        for (const key of keys) this.#expected.acknowledged(key)
        continue
      }
      this.errors.push(answer.code)
      if (answer.outcome === 'unknown') return
      for (const key of keys) this.#expected.refused(key)
      if (answer.code === 'KV_STORAGE_FAILED') return
    }
  }

  #keys(count: number): string[] {
    const keys = new Set<string>()
    while (keys.size < count)
      keys.add(`writer ${this.#writer} key ${this.#random.below(keysPerWriter)}`)
    return [...keys]
  }

  #value(): string {
    return `${this.#writer} ${++this.#serial} ${'x'.repeat(this.#random.below(300))}`
  }
}

function requestOf(
  keys: readonly string[],
  value: string | undefined,
): Extract<Request, { kind: 'put' | 'delete' | 'batch' }> {
  const operations = keys.map(
    (key): Operation =>
      value === undefined
        ? { type: 'delete', key: Buffer.from(key) }
        : { type: 'put', key: Buffer.from(key), value: Buffer.from(value) },
  )
  const [first] = operations
  if (operations.length > 1) return { kind: 'batch', operations }
  return first!.type === 'put'
    ? { kind: 'put', key: first!.key, value: first!.value }
    : { kind: 'delete', key: first!.key }
}
