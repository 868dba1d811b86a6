import { type KV, type KvEntry, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'
import { connect } from '@nats-io/transport-node'
import type { OpenSession, Session, Value } from './session.ts'

/**
 * A bucket of JetStream. Without asynchronous traces, as its release notes advise for speed: half as many
 * operations again. Without reconnecting: what is lost must fail, not be sent again.
 */
export const open: OpenSession = async ({ port }) => {
  const connection = await connect({
    servers: `127.0.0.1:${port}`,
    noAsyncTraces: true,
    reconnect: false,
  })
  const bucket = await new Kvm(connection).create('bench', { history: 1, storage: 'file' })
  return new NatsKvSession(connection, bucket)
}

/** Bytes both ways; a string is encoded anew each time. It has neither batches nor ranges in the order of keys. */
class NatsKvSession implements Session {
  readonly #connection: NatsConnection
  readonly #bucket: KV

  constructor(connection: NatsConnection, bucket: KV) {
    this.#connection = connection
    this.#bucket = bucket
  }

  put(key: string, value: Value): Promise<unknown> {
    return this.#bucket.put(key, value.bytes)
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#bucket.get(key).then(valueOf)
  }

  /** Leaves a marker, as a purge does; with a history of one there is nothing more to purge. */
  delete(key: string): Promise<unknown> {
    return this.#bucket.delete(key)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }
}

/** The marker of a deletion is an entry, too. */
function valueOf(entry: KvEntry | null): Uint8Array | undefined {
  return entry?.operation === 'PUT' ? entry.value : undefined
}
