import { Etcd3 } from 'etcd3'
import { type Entry, type OpenSession, RangeTally, type Session, type Value } from './session.ts'

/** Limits of the server, `--max-txn-ops` and, with room for the keys, `--max-request-bytes`. */
const txnOperationsMax = 128
const txnBytesMax = 1_024 * 1_024

/** As the end of a range: no end. As its start: the first key. */
const zeroKey = '\0'

export const open: OpenSession = async ({ port }) =>
  new Etcd3Session(new Etcd3({ hosts: `127.0.0.1:${port}` }))

/**
 * Values are buffers both ways; etcd3 makes strings from them and of them. Reads are serializable, which the
 * documentation calls the cheaper ones: the only member answers from what it has applied, and it applies a write
 * before it acknowledges.
 */
class Etcd3Session implements Session {
  readonly #client: Etcd3

  constructor(client: Etcd3) {
    this.#client = client
  }

  put(key: string, value: Value): Promise<unknown> {
    return this.#client.put(key).value(value.bytes).exec()
  }

  get(key: string): Promise<Buffer | undefined> {
    return this.#client.get(key).serializable(true).buffer().then(orUndefined)
  }

  delete(key: string): Promise<unknown> {
    return this.#client.delete().key(key).exec()
  }

  /**
   * Atomic up to 128 entries, which is what one transaction may have; more go in several at a time. Also the
   * quickest way to load: some ten times as many entries a second as single puts.
   */
  batch(entries: readonly Entry[]): Promise<unknown> {
    return Promise.all(transactionsOf(entries).map((part) => this.#transaction(part)))
  }

  /**
   * Forward comes in the order of the keys by itself; for any sort, even that one, etcd reads the range to its
   * end before it applies the limit. Backward there is no other way.
   */
  async range(from: string, limit: number, reverse: boolean): Promise<RangeTally> {
    const entries = this.#client.getAll().serializable(true).limit(limit)
    if (reverse) {
      entries.inRange({ start: zeroKey, end: `${from}${zeroKey}` }).sort('Key', 'Descend')
    } else entries.inRange({ start: from, end: zeroKey })
    const tally = new RangeTally()
    for (const { key, value } of (await entries.exec()).kvs) {
      tally.add(key.toString('latin1'), value.length)
    }
    return tally
  }

  async close(): Promise<void> {
    this.#client.close()
  }

  async #transaction(entries: readonly Entry[]): Promise<void> {
    const puts = entries.map(({ key, value }) => this.#client.put(key).value(value.bytes))
    // etcd3 has no transaction without a condition; this one always holds.
    await this.#client
      .if(zeroKey, 'Version', '>', -1)
      .then(...puts)
      .commit()
  }
}

function transactionsOf(entries: readonly Entry[]): Entry[][] {
  const parts: Entry[][] = []
  let part: Entry[] | undefined
  let bytes = 0
  for (const entry of entries) {
    bytes += entry.value.bytes.length
    if (part === undefined || part.length === txnOperationsMax || bytes > txnBytesMax) {
      part = []
      parts.push(part)
      bytes = entry.value.bytes.length
    }
    part.push(entry)
  }
  return parts
}

function orUndefined(found: Buffer | null): Buffer | undefined {
  return found ?? undefined
}
