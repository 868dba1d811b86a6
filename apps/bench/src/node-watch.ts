import { setTimeout as delay } from 'node:timers/promises'
import { type Client, connect } from '@kv/client'
import type { TimelineEvent } from './results/run-file.ts'

const pollMs = 25

/** Looks at a node's stats from the outside, and notes when it syncs and when it merges. */
export class NodeWatch {
  readonly #client: Client
  readonly #events: { kind: TimelineEvent['kind']; fromMs: number; toMs: number }[] = []
  readonly #stopping = new AbortController()
  #polling: Promise<void> = Promise.resolve()

  private constructor(client: Client) {
    this.#client = client
  }

  static async start(port: number): Promise<NodeWatch> {
    const watch = new NodeWatch(await connect({ port, clientName: 'bench watch' }))
    watch.#polling = watch.#poll()
    return watch
  }

  /** Asks for a merge and waits for its end. */
  async merge(timeoutMs: number): Promise<void> {
    const fromMs = Date.now()
    await this.#client.merge({ timeoutMs })
    this.#events.push({ kind: 'merge', fromMs, toMs: Date.now() })
  }

  /** Times from `startMs`, itself in ms since the epoch; of a sync, to the poll that first saw it. */
  eventsSince(startMs: number): TimelineEvent[] {
    return this.#events.map(({ kind, fromMs, toMs }) => ({
      kind,
      fromMs: Math.round(fromMs - startMs),
      toMs: Math.round(toMs - startMs),
    }))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#polling
    await this.#client.close()
  }

  async #poll(): Promise<void> {
    let last = await this.#syncs()
    let lastAt = Date.now()
    while (!this.#stopping.signal.aborted) {
      await delay(pollMs)
      const syncs = await this.#syncs()
      const now = Date.now()
      if (syncs > last) this.#events.push({ kind: 'sync', fromMs: lastAt, toMs: now })
      last = syncs
      lastAt = now
    }
  }

  /** How many syncs there were since the node was started. */
  async #syncs(): Promise<number> {
    const stats = (await this.#client.stats()) as {
      store?: { commits?: { syncs?: { count?: unknown } } }
    }
    return Number(stats.store?.commits?.syncs?.count ?? 0)
  }
}
