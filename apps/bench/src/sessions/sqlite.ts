import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { sqlitePragmas, sqliteTable } from '../subjects/sqlite.ts'
import { type Entry, type OpenSession, RangeTally, type Session, type Value } from './session.ts'

export const open: OpenSession = async ({ directory, durability }) => {
  if (directory === undefined) throw new Error('an embedded store needs a directory')
  const database = new DatabaseSync(join(directory, 'kv.sqlite'))
  for (const pragma of sqlitePragmas(durability)) database.exec(`PRAGMA ${pragma}`)
  database.exec(`CREATE TABLE IF NOT EXISTS ${sqliteTable}`)
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
    // Rows as arrays are made quicker than as objects.
    for (const reading of [this.#get, this.#forward, this.#reverse]) reading.setReturnArrays(true)
  }

  put(key: string, { text }: Value): unknown {
    return this.#put.run(key, text)
  }

  get(key: string): string | undefined {
    // Its types do not know of arrays.
    const row = this.#get.get(key) as unknown as [string] | undefined
    return row?.[0]
  }

  delete(key: string): unknown {
    return this.#delete.run(key)
  }

  batch(entries: readonly Entry[]): void {
    this.#database.exec('BEGIN')
    try {
      for (const { key, value } of entries) this.#put.run(key, value.text)
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#database.exec('ROLLBACK')
      throw error
    }
  }

  range(from: string, limit: number, reverse: boolean): RangeTally {
    const rows = (reverse ? this.#reverse : this.#forward).all(from, limit)
    const tally = new RangeTally()
    for (const [key, value] of rows as unknown as [string, string][]) tally.add(key, value.length)
    return tally
  }

  async close(): Promise<void> {
    this.#database.close()
  }
}
