import { open as openLmdb, type RootDatabase } from 'lmdb'
import { lmdbOptions } from '../subjects/lmdb.ts'
import type { Entry, OpenSession, Session, Value } from './session.ts'

export const open: OpenSession = async ({ directory, durability }) => {
  if (directory === undefined) throw new Error('an embedded store needs a directory')
  return new LmdbSession(openLmdb<Buffer, string>({ path: directory, ...lmdbOptions(durability) }))
}

class LmdbSession implements Session {
  readonly #database: RootDatabase<Buffer, string>

  constructor(database: RootDatabase<Buffer, string>) {
    this.#database = database
  }

  /** Puts of one turn go into one transaction, which a thread of its own commits. */
  put(key: string, { bytes }: Value): Promise<unknown> {
    return this.#database.put(key, bytes)
  }

  get(key: string): Buffer | undefined {
    return this.#database.get(key)
  }

  delete(key: string): Promise<unknown> {
    return this.#database.remove(key)
  }

  batch(entries: readonly Entry[]): Promise<unknown> {
    return this.#database.batch(() => {
      for (const { key, value } of entries) void this.#database.put(key, value.bytes)
    })
  }

  range(from: string, limit: number, reverse: boolean): number {
    let count = 0
    for (const { value } of this.#database.getRange({ start: from, limit, reverse })) {
      if (value.length >= 0) count++
    }
    return count
  }

  async close(): Promise<void> {
    await this.#database.close()
  }
}
