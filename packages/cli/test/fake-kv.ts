import type { Bytes, DeleteResult, PingResult, PlainMap, PutResult, RangeOptions } from '@kv/client'
import { serverLimitsDefault } from '@kv/protocol'
import type { Entry, Kv, KvBatch, Stored } from '../src/kv.ts'

/** A store in memory that a test can make fail. */
export class FakeKv implements Kv {
  readonly server: Kv['server'] = { limits: serverLimitsDefault }
  readonly calls: string[] = []
  closed = 0
  /** Called before each operation; what it throws is what the operation fails with. */
  onCall: (name: string) => void = () => undefined
  statsMap: PlainMap = {}
  mergeReport: PlainMap = {}
  /** What a merge waits for. */
  mergeEnd: Promise<void> = Promise.resolve()
  readonly #entries = new Map<string, Stored>()
  #version = 0

  get keys(): string[] {
    return [...this.#entries.keys()].sort()
  }

  textAt(key: string): string | undefined {
    const stored = this.#entries.get(Buffer.from(key).toString('latin1'))
    return stored && Buffer.from(stored.value).toString()
  }

  async put(key: Uint8Array, value: Uint8Array): Promise<PutResult> {
    this.#called('put')
    return { version: this.#store(key, value), durability: 'synced' }
  }

  async get(key: Uint8Array): Promise<Stored | undefined> {
    this.#called('get')
    return this.#entries.get(nameOf(key))
  }

  async delete(key: Uint8Array): Promise<DeleteResult> {
    this.#called('delete')
    const existed = this.#entries.delete(nameOf(key))
    const version = existed ? ++this.#version : undefined
    return { existed, version, durability: 'synced' }
  }

  batch(): KvBatch {
    const puts: [Uint8Array, Uint8Array][] = []
    return {
      put: (key, value) => puts.push([key, value]),
      commit: async () => {
        this.#called('batch')
        for (const [key, value] of puts) this.#store(key, value)
        return { version: this.#version, durability: 'synced' as const }
      },
    }
  }

  async *range(options: RangeOptions): AsyncGenerator<Entry> {
    this.#called('range')
    const names = options.reverse ? this.keys.reverse() : this.keys
    for (const name of names.filter((each) => isWithin(each, options)).slice(0, options.limit)) {
      this.#called('entry')
      const { value, version } = this.#entries.get(name)!
      const key = Buffer.from(name, 'latin1')
      yield options.keysOnly ? { key, version } : { key, value, version }
    }
  }

  async stats(): Promise<PlainMap> {
    this.#called('stats')
    return this.statsMap
  }

  async merge(): Promise<PlainMap> {
    this.#called('merge')
    await this.mergeEnd
    return this.mergeReport
  }

  async pauseMerges(): Promise<PlainMap> {
    this.#called('pauseMerges')
    return { paused: true }
  }

  async resumeMerges(): Promise<PlainMap> {
    this.#called('resumeMerges')
    return { paused: false }
  }

  async ping(): Promise<PingResult> {
    this.#called('ping')
    return { index: this.#version }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed++
  }

  #called(name: string): void {
    this.calls.push(name)
    this.onCall(name)
  }

  #store(key: Uint8Array, value: Uint8Array): number {
    const version = ++this.#version
    this.#entries.set(nameOf(key), { value: Buffer.from(value), version })
    return version
  }
}

/** One character a byte, so that text sorts as the bytes do. */
function nameOf(key: Bytes): string {
  return Buffer.from(key as Uint8Array).toString('latin1')
}

function isWithin(name: string, { prefix, gte, gt, lte, lt }: RangeOptions): boolean {
  if (prefix !== undefined && !name.startsWith(nameOf(prefix))) return false
  if (gte !== undefined && name < nameOf(gte)) return false
  if (gt !== undefined && name <= nameOf(gt)) return false
  if (lte !== undefined && name > nameOf(lte)) return false
  return lt === undefined || name < nameOf(lt)
}
