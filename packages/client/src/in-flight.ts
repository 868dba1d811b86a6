import { assert } from '@kv/protocol/assert'
import type { Call } from './call.ts'

const requestIdMax = 0xffff_ffff
const slotsMin = 64

/**
 * The unanswered calls of one connection by request id. A call that was given up stays until its answer
 * comes: the server still works on it, and a late answer is told from one to nothing. Ids are not used
 * again before all others were, so no answer finds another's call.
 *
 * Slots by the low bits of the id; an id whose slot is taken is passed over. Not a `Map`: one that is added to and deleted
 * from makes a new table every so often, and a dead table that has become old keeps all those behind it, with their calls,
 * from the collector's quick passes.
 */
export class InFlight {
  /** As many slots as a power of two; half of them are free. */
  #slots: (Call | undefined)[] = emptySlots(slotsMin)
  /** Of the calls in the slots. */
  #ids = new Uint32Array(slotsMin)
  #lastId: number
  #size = 0

  constructor(lastId = 0) {
    this.#lastId = lastId
  }

  get size(): number {
    return this.#size
  }

  /** The id that `add` takes next. */
  get nextId(): number {
    const mask = this.#slots.length - 1
    let id = this.#lastId
    do id = id === requestIdMax ? 1 : id + 1
    while (this.#slots[id & mask] !== undefined)
    return id
  }

  /** `id`: as {@link nextId} says. */
  add(id: number, call: Call): void {
    this.#put(id, call)
    this.#lastId = id
    this.#size++
    if (2 * this.#size > this.#slots.length) this.#grow()
  }

  /** The call that the answer with this id is for; undefined when there is none. */
  take(id: number): Call | undefined {
    const slot = id & (this.#slots.length - 1)
    if (this.#ids[slot] !== id) return undefined
    const call = this.#slots[slot]
    if (call === undefined) return undefined
    this.#slots[slot] = undefined
    this.#size--
    return call
  }

  /** Those that somebody still waits for, oldest first. */
  unsettled(): Call[] {
    const slots = [...this.#slots.keys()].filter((slot) => this.#slots[slot]?.settled === false)
    const age = (slot: number): number => (this.#lastId - this.#ids[slot]!) >>> 0
    return slots.sort((a, b) => age(b) - age(a)).map((slot) => this.#slots[slot]!)
  }

  #put(id: number, call: Call): void {
    const slot = id & (this.#slots.length - 1)
    assert(this.#slots[slot] === undefined, 'a call gets a slot that is free')
    this.#slots[slot] = call
    this.#ids[slot] = id
  }

  /** Ids that lie apart do so among more slots as well. */
  #grow(): void {
    const slots = this.#slots
    const ids = this.#ids
    this.#slots = emptySlots(2 * slots.length)
    this.#ids = new Uint32Array(2 * slots.length)
    for (const [slot, call] of slots.entries()) if (call !== undefined) this.#put(ids[slot]!, call)
  }
}

function emptySlots(count: number): undefined[] {
  return Array.from({ length: count }, () => undefined)
}
