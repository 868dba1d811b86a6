import { ClassicLevel } from 'classic-level'
import type { Entry, OpenSession, Session, Value } from './session.ts'

type Level = ClassicLevel<string, Buffer>

export const open: OpenSession = async ({ directory, durability }) => {
  if (directory === undefined) throw new Error('an embedded store needs a directory')
  const level: Level = new ClassicLevel(directory, { keyEncoding: 'utf8', valueEncoding: 'buffer' })
  await level.open()
  return new ClassicLevelSession(level, durability === 'always')
}

class ClassicLevelSession implements Session {
  readonly #level: Level
  readonly #options: { readonly sync: boolean }

  constructor(level: Level, sync: boolean) {
    this.#level = level
    this.#options = { sync }
  }

  put(key: string, { bytes }: Value): Promise<unknown> {
    return this.#level.put(key, bytes, this.#options)
  }

  /** Quicker than `get`, which goes through the thread pool; its documentation advises it for what is cached. */
  get(key: string): Buffer | undefined {
    return this.#level.getSync(key)
  }

  delete(key: string): Promise<unknown> {
    return this.#level.del(key, this.#options)
  }

  batch(entries: readonly Entry[]): Promise<unknown> {
    const operations = entries.map(({ key, value }) => ({
      type: 'put' as const,
      key,
      value: value.bytes,
    }))
    return this.#level.batch(operations, this.#options)
  }

  async range(from: string, limit: number, reverse: boolean): Promise<number> {
    const bounds = reverse ? { lte: from } : { gte: from }
    return (await this.#level.iterator({ ...bounds, reverse, limit }).all()).length
  }

  merge(): Promise<unknown> {
    return this.#level.compactRange('', '\u{10ffff}')
  }

  close(): Promise<void> {
    return this.#level.close()
  }
}
