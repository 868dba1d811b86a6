import { Redis } from 'ioredis'
import type { Entry, OpenSession, Session, Value } from './session.ts'

export const open: OpenSession = openWith({ enableAutoPipelining: false })

/** Without reconnecting: what is lost must fail, not be sent again. */
export function openWith(options: { readonly enableAutoPipelining: boolean }): OpenSession {
  return async ({ port }) => {
    const address = `redis://127.0.0.1:${port}`
    const redis = new Redis(address, { ...options, lazyConnect: true, retryStrategy: null })
    // Whatever the connection suffers also rejects what is on its way; unheard, it would be printed.
    redis.on('error', () => undefined)
    await redis.connect()
    return new IoredisSession(redis)
  }
}

/**
 * Measured at 50 and 500 in flight: strings go out 10 to 20 % quicker than buffers, which ioredis joins once
 * more (alike at 10 KiB); buffers come in quicker than strings, by up to 25 % at 10 KiB.
 */
class IoredisSession implements Session {
  readonly #redis: Redis

  constructor(redis: Redis) {
    this.#redis = redis
  }

  put(key: string, value: Value): Promise<unknown> {
    return this.#redis.set(key, value.text)
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#redis.getBuffer(key).then(orUndefined)
  }

  delete(key: string): Promise<unknown> {
    return this.#redis.del(key)
  }

  /** Atomic, and the quickest way to load as well: several times as many entries a second as a pipeline. */
  batch(entries: readonly Entry[]): Promise<unknown> {
    return this.#redis.mset(entries.flatMap(({ key, value }) => [key, value.text]))
  }

  async close(): Promise<void> {
    this.#redis.disconnect()
  }
}

function orUndefined(found: Buffer | null): Buffer | undefined {
  return found ?? undefined
}
