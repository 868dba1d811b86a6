/** Answers requests as a server should, over a Map, without durability. */
import type { Answer, BatchRequest, RangeAnswer, RangeRequest, Request } from '@kv/protocol'
import { KvError } from '@kv/protocol'
import type { Handle } from './fake-server.ts'

interface Stored {
  readonly value: Buffer
  readonly version: number
}

const written = { term: 1, durability: 'written' } as const

export class FakeStore {
  /** By the key's bytes as latin1, whose order is theirs. */
  readonly #records = new Map<string, Stored>()
  readonly #pageKeysMax: number
  #version = 0

  constructor(pageKeysMax = 1_000) {
    this.#pageKeysMax = pageKeysMax
  }

  /** Of the newest write. */
  get version(): number {
    return this.#version
  }

  /** Answers in the same turn. */
  readonly handle: Handle = ({ id, request }, from) => from.answer(id, this.answer(request))

  answer(request: Request<Buffer>): Answer | KvError {
    switch (request.kind) {
      case 'ping':
        return { kind: 'ping', index: this.#version }
      case 'put': {
        const { ifVersion, ifAbsent } = request.options ?? {}
        const current = this.#found(request.key)?.version
        if ((ifAbsent && current !== undefined) || (ifVersion ?? current) !== current) {
          return new KvError('KV_VERSION_MISMATCH', 'a condition does not hold', {
            details: { version: current ?? null },
          })
        }
        return { kind: 'put', version: this.#put(request.key, request.value), ...written }
      }
      case 'get':
        return { kind: 'get', found: this.#found(request.key) }
      case 'getMany':
        return { kind: 'getMany', found: request.keys.map((key) => this.#found(key)) }
      case 'delete': {
        const existed = this.#records.delete(request.key.toString('latin1'))
        return {
          kind: 'delete',
          existed,
          version: existed ? ++this.#version : undefined,
          ...written,
        }
      }
      case 'batch':
        return this.#batch(request)
      case 'range':
        return this.#range(request)
      case 'stats':
        return { kind: 'stats', stats: { keys: this.#records.size } }
      case 'merge':
        return {
          kind: 'merge',
          report:
            request.action === 'now' ? { segments: 0 } : { paused: request.action === 'pause' },
        }
      default:
        return new KvError('KV_BAD_REQUEST', 'hello is through already')
    }
  }

  #found(key: Buffer): Stored | undefined {
    return this.#records.get(key.toString('latin1'))
  }

  #put(key: Buffer, value: Buffer): number {
    this.#records.set(key.toString('latin1'), {
      value: Buffer.from(value),
      version: ++this.#version,
    })
    return this.#version
  }

  #batch({ operations }: BatchRequest<Buffer>): Answer {
    const version = this.#version + 1
    for (const operation of operations) {
      if (operation.type === 'put') this.#put(operation.key, operation.value)
      else {
        this.#version++
        this.#records.delete(operation.key.toString('latin1'))
      }
    }
    return { kind: 'batch', version, ...written }
  }

  #range({ bounds, reverse, limit, keysOnly }: RangeRequest<Buffer>): RangeAnswer {
    const { gte, gt, lte, lt, prefix } = bounds
    const keys = [...this.#records.keys()].sort().filter((text) => {
      const key = Buffer.from(text, 'latin1')
      return (
        (gte === undefined || key.compare(gte) >= 0) &&
        (gt === undefined || key.compare(gt) > 0) &&
        (lte === undefined || key.compare(lte) <= 0) &&
        (lt === undefined || key.compare(lt) < 0) &&
        (prefix === undefined || key.subarray(0, prefix.length).equals(prefix))
      )
    })
    if (reverse) keys.reverse()
    const page = keys.slice(0, Math.min(limit ?? Infinity, this.#pageKeysMax))
    const entries = page.map((text) => {
      const { value, version } = this.#records.get(text)!
      const key = Buffer.from(text, 'latin1')
      return keysOnly ? { key, version } : { key, value, version }
    })
    return {
      kind: 'range',
      entries,
      more: page.length < keys.length,
      resumeKey: entries.at(-1)?.key,
    }
  }
}
