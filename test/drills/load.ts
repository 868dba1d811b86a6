import assert from 'node:assert/strict'
import type { Client } from '@kv/client'
import type { ExpectedState } from '../../apps/bench/src/expected-state.ts'

export interface LoadOptions {
  readonly writers: number
  readonly keys: number
  readonly valueBytesMax: number
  readonly deleteShare: number
  /** Ends a writer when it returns true; else it goes on after a failure. */
  readonly isEnd: (error: unknown) => boolean
  readonly sending?: (key: string, value: string | undefined) => void
  /** Hears of each write that was acknowledged; `version` is missing where a delete found nothing. */
  readonly acked?: (key: string, value: string | undefined, version: number | undefined) => void
}

/** Writes to a node, one operation after the other and several at once, and keeps account of what was acknowledged. */
export class Load {
  readonly #options: LoadOptions
  readonly #expected: ExpectedState
  readonly #random: () => number
  #serial = 0
  acknowledged = 0
  refused = 0

  constructor(options: LoadOptions, expected: ExpectedState, random: () => number) {
    this.#options = options
    this.#expected = expected
    this.#random = random
  }

  /** Resolves once all writers have ended: told to stop, or by an error. */
  async run(client: Client, stop: AbortSignal): Promise<void> {
    const { writers } = this.#options
    await Promise.all(Array.from({ length: writers }, () => this.#write(client, stop)))
  }

  async #write(client: Client, stop: AbortSignal): Promise<void> {
    const { keys, valueBytesMax, deleteShare, isEnd, sending, acked } = this.#options
    while (!stop.aborted) {
      const key = `key/${Math.floor(this.#random() * keys)}`
      if (this.#expected.isPending(key)) {
        await Promise.resolve()
        continue
      }
      const value =
        this.#random() < deleteShare
          ? undefined
          : `${++this.#serial}:${'x'.repeat(Math.floor(this.#random() * valueBytesMax))}`
      this.#expected.sending(key, value)
      sending?.(key, value)
      try {
        const { version } = await (value === undefined
          ? client.delete(key)
          : client.put(key, value))
        this.#expected.acknowledged(key)
        this.acknowledged++
        acked?.(key, value, version)
      } catch (error) {
        assert(error instanceof Error && 'outcome' in error, String(error))
        if (error.outcome === 'not-applied') {
          this.#expected.refused(key)
          this.refused++
        }
        if (isEnd(error)) return
      }
    }
  }
}

/** All that a node holds. */
export async function contentOf(client: Client): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const { key, value } of client.range()) found.set(key.toString(), value.toString())
  return found
}

/** Mulberry32: a small generator, good enough to choose moments and keys. */
export function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
