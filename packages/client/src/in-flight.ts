import type { Call } from './call.ts'

const requestIdMax = 0xffff_ffff

/**
 * The unanswered calls of one connection by request id. A call that was given up stays until its answer
 * comes: the server still works on it, and a late answer is told from one to nothing. Ids are not used
 * again before all others were, so no answer finds another's call.
 */
export class InFlight {
  readonly #calls = new Map<number, Call>()
  #lastId: number

  constructor(lastId = 0) {
    this.#lastId = lastId
  }

  get size(): number {
    return this.#calls.size
  }

  /** The id that `add` takes next. */
  get nextId(): number {
    let id = this.#lastId
    do id = id === requestIdMax ? 1 : id + 1
    while (this.#calls.has(id))
    return id
  }

  add(id: number, call: Call): void {
    this.#calls.set(id, call)
    this.#lastId = id
  }

  /** The call that the answer with this id is for; undefined when there is none. */
  take(id: number): Call | undefined {
    const call = this.#calls.get(id)
    if (call !== undefined) this.#calls.delete(id)
    return call
  }

  /** Those that somebody still waits for, oldest first. */
  *unsettled(): Generator<Call, void, undefined> {
    for (const call of this.#calls.values()) if (!call.settled) yield call
  }
}
