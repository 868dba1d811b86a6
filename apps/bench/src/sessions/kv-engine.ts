import { type DurabilityMode, Store, type StoredValue } from '@kv/engine'
import {
  type Answer,
  type Durability,
  type Entry,
  type OpenSession,
  RangeTally,
  type Session,
  type Value,
} from './session.ts'

const modes: Readonly<Record<Durability, DurabilityMode>> = {
  always: 'always',
  interval: 'interval',
  none: 'never',
}

/** `@kv/engine` in this process, with its defaults but for the durability. */
export const open: OpenSession = async ({ directory, durability }) => {
  if (directory === undefined) throw new Error('an embedded store needs a directory')
  return new KvEngineSession(await Store.open(directory, { durability: modes[durability] }))
}

class KvEngineSession implements Session {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
  }

  put(key: string, value: Value): Promise<unknown> {
    return this.#store.put(key, value.bytes)
  }

  get(key: string): Answer<Buffer | undefined> {
    const found = this.#store.getNow(key)
    return found instanceof Promise ? found.then(valueOf) : found?.value
  }

  delete(key: string): Promise<unknown> {
    return this.#store.delete(key)
  }

  batch(entries: readonly Entry[]): Promise<unknown> {
    return this.#store.batch(
      entries.map(({ key, value }) => ({ type: 'put', key, value: value.bytes })),
    )
  }

  async range(from: string, limit: number, reverse: boolean): Promise<RangeTally> {
    const tally = new RangeTally()
    const bounds = reverse ? { lte: from } : { gte: from }
    for (const { key, value } of await this.#store.range({ ...bounds, limit, reverse }).all()) {
      tally.add(key.toString('latin1'), value.length)
    }
    return tally
  }

  merge(): Promise<unknown> {
    return this.#store.merge()
  }

  close(): Promise<void> {
    return this.#store.close()
  }
}

function valueOf(found: StoredValue | undefined): Buffer | undefined {
  return found?.value
}
