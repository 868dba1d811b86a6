import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { sqlitePragmas } from '../subjects/sqlite.ts'
import type { Entry, OpenSession, Session, Value } from './session.ts'

export const open: OpenSession = async ({ directory, durability }) => {
  if (directory === undefined) throw new Error('an embedded store needs a directory')
  const database = new DatabaseSync(join(directory, 'kv.sqlite'))
  for (const pragma of sqlitePragmas(durability)) database.exec(`PRAGMA ${pragma}`)
  database.exec(
    'CREATE TABLE IF NOT EXISTS kv (key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID',
  )
  return new SqliteSession(database)
}

/** Everything in the same turn, by prepared statements. */
class SqliteSession implements Session {
  readonly #database: DatabaseSync
  readonly #put: StatementSync
  readonly #get: StatementSync
  readonly #delete: StatementSync
  readonly #forward: StatementSync
  readonly #reverse: StatementSync

  constructor(database: DatabaseSync) {
    this.#database = database
    this.#put = database.prepare(
      'INSERT INTO kv VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    )
    this.#get = database.prepare('SELECT value FROM kv WHERE key = ?')
    this.#delete = database.prepare('DELETE FROM kv WHERE key = ?')
    const range = 'SELECT key, value FROM kv WHERE key'
    this.#forward = database.prepare(`${range} >= ? ORDER BY key LIMIT ?`)
    this.#reverse = database.prepare(`${range} <= ? ORDER BY key DESC LIMIT ?`)
  }

  put(key: string, { bytes }: Value): unknown {
    return this.#put.run(key, bytes)
  }

  get(key: string): Uint8Array | undefined {
    return this.#get.get(key)?.['value'] as Uint8Array | undefined
  }

  delete(key: string): unknown {
    return this.#delete.run(key)
  }

  batch(entries: readonly Entry[]): void {
    this.#database.exec('BEGIN')
    try {
      for (const { key, value } of entries) this.#put.run(key, value.bytes)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  range(from: string, limit: number, reverse: boolean): number {
    return (reverse ? this.#reverse : this.#forward).all(from, limit).length
  }

  async close(): Promise<void> {
    this.#database.close()
  }
}
