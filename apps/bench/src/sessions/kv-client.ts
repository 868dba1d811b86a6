import { type Client, connect, type GetResult } from '@kv/client'
import { type Entry, type OpenSession, RangeTally, type Session, type Value } from './session.ts'

const mergeTimeoutMs = 600_000

/** `@kv/client` with its defaults. */
export const open: OpenSession = async ({ port }) =>
  new KvClientSession(await connect({ url: `kv://127.0.0.1:${port}` }))

class KvClientSession implements Session {
  readonly #client: Client

  constructor(client: Client) {
    this.#client = client
  }

  put(key: string, value: Value): Promise<unknown> {
    return this.#client.put(key, value.bytes)
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#client.get(key).then(valueOf)
  }

  delete(key: string): Promise<unknown> {
    return this.#client.delete(key)
  }

  batch(entries: readonly Entry[]): Promise<unknown> {
    const batch = this.#client.batch()
    for (const { key, value } of entries) batch.put(key, value.bytes)
    return batch.commit()
  }

  async range(from: string, limit: number, reverse: boolean): Promise<RangeTally> {
    const tally = new RangeTally()
    const bounds = reverse ? { lte: from } : { gte: from }
    for await (const { key, value } of this.#client.range({ ...bounds, limit, reverse })) {
      tally.add(key.toString('latin1'), value.length)
    }
    return tally
  }

  merge(): Promise<unknown> {
    return this.#client.merge({ timeoutMs: mergeTimeoutMs })
  }

  close(): Promise<void> {
    return this.#client.close()
  }
}

function valueOf(result: GetResult | undefined): Buffer | undefined {
  return result?.value
}
