/** Answers the request for key `k<i>` with the i-th fault, in another order than asked. */
import type { Answer } from '@kv/protocol'
import { KvError } from '@kv/protocol'
import type { FakeConnection, Received } from './fake-server.ts'
import { answerFrame, FakeServer } from './fake-server.ts'

export const faults = [
  'error',
  'split',
  'silent',
  'drop',
  'cut',
  'unknown id',
  'twice',
  'nonsense',
  'other kind',
] as const
export type Fault = (typeof faults)[number]

export interface FaultAt {
  readonly fault: Fault | undefined
  /** Where an answer is cut: this byte, or the last but one. */
  readonly at: number
}

export class FaultyServer {
  /** Of each key, how often a put of it arrived. */
  readonly puts: Map<string, number> = new Map()
  injected = 0
  readonly #faults: readonly FaultAt[]
  readonly #asked = new Set<string>()
  readonly #backlog: { received: Received; from: FakeConnection }[] = []
  #server: FakeServer | undefined

  constructor(faults: readonly FaultAt[]) {
    this.#faults = faults
  }

  async listen(): Promise<string> {
    this.#server = await FakeServer.listen((received, from) => {
      this.#backlog.push({ received, from })
    })
    return this.#server.url
  }

  async close(): Promise<void> {
    await this.#server?.close()
  }

  /** Answers what has come since, the newest first. */
  flush(): void {
    for (const { received, from } of this.#backlog.splice(0).reverse()) this.#take(received, from)
  }

  #take({ id, request }: Received, from: FakeConnection): void {
    if (request.kind === 'ping') return from.answer(id, { kind: 'ping', index: 0 })
    if (request.kind !== 'get' && request.kind !== 'put') return
    const key = request.key.toString()
    if (request.kind === 'put') this.puts.set(key, (this.puts.get(key) ?? 0) + 1)
    const index = Number(key.slice(1))
    const answer = answerTo(request.kind, index)
    const { fault, at } = this.#faults[index]!
    // A read that is asked again is answered: otherwise no run would end.
    if (fault === undefined || this.#asked.has(key)) return from.answer(id, answer)
    this.#asked.add(key)
    this.injected++
    misbehave(fault, at, id, answer, from)
  }
}

/** Tells by itself which call it is for. */
function answerTo(kind: 'get' | 'put', index: number): Answer {
  return kind === 'get'
    ? { kind, found: { value: Buffer.from(`value of k${index}`), version: index } }
    : { kind, version: index, term: 1, durability: 'written' }
}

function misbehave(
  fault: Fault,
  at: number,
  id: number,
  answer: Answer,
  { socket }: FakeConnection,
): void {
  const frame = answerFrame(id, answer)
  const cut = Math.min(at, frame.length - 1)
  switch (fault) {
    case 'error':
      socket.write(answerFrame(id, new KvError('KV_DISK_FULL', 'no room')))
      return
    case 'split':
      socket.write(frame.subarray(0, cut))
      socket.write(frame.subarray(cut))
      return
    case 'silent':
      return
    case 'drop':
      socket.destroy()
      return
    case 'cut':
      socket.end(frame.subarray(0, cut))
      return
    case 'unknown id':
      socket.write(answerFrame(id + 1_000_000, answer))
      return
    case 'twice':
      socket.write(Buffer.concat([frame, frame]))
      return
    case 'nonsense':
      socket.write(Buffer.alloc(at + 5, at))
      return
    case 'other kind':
      socket.write(answerFrame(id, { kind: 'stats', stats: {} }))
  }
}
