import { open as openLmdb, type RootDatabase } from 'lmdb'
import { lmdbOptions } from '../subjects/lmdb.ts'
import { type Entry, type OpenSession, RangeTally, type Session, type Value } from './session.ts'

/** Takes bytes as they are, and gives text. */
type Lmdb = RootDatabase<string | Buffer, string>

export const open: OpenSession = async ({ directory, durability }) => {
  if (directory === undefined) throw new Error('an embedded store needs a directory')
  return new LmdbSession(openLmdb({ path: directory, ...lmdbOptions(durability) }))
}

class LmdbSession implements Session {
  readonly #database: Lmdb

  constructor(database: Lmdb) {
    this.#database = database
  }

  /** Puts of one turn go into one transaction, which a thread of its own commits. */
  put(key: string, { bytes }: Value): Promise<unknown> {
    return this.#database.put(key, bytes)
  }

  get(key: string): string | undefined {
    return this.#database.get(key) as string | undefined
  }

  delete(key: string): Promise<unknown> {
    return this.#database.remove(key)
  }

  batch(entries: readonly Entry[]): Promise<unknown> {
    return this.#database.batch(() => {
      for (const { key, value } of entries) void this.#database.put(key, value.bytes)
    })
  }

  range(from: string, limit: number, reverse: boolean): RangeTally {
    const tally = new RangeTally()
    for (const { key, value } of this.#database.getRange({ start: from, limit, reverse })) {
      tally.add(key, value.length)
    }
    return tally
  }

  async close(): Promise<void> {
    await this.#database.close()
  }
}
