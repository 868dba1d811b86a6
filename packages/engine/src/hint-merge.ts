import type { HintEntry } from './hint.ts'
import type { HintCursor } from './hint-cursor.ts'

const keysPerTurn = 4_096

/**
 * Walks many hints as one, key by key in order: of each key the entry with the highest index, tombstones
 * too. `visit` may return a promise, which is waited for. The cursors are at their end, or have failed,
 * afterwards; closing them is the caller's.
 */
export async function mergeHints(
  cursors: readonly HintCursor[],
  nextTurn: () => Promise<void>,
  visit: (slot: number, entry: HintEntry) => void | Promise<void>,
): Promise<void> {
  const heap = new CursorHeap()
  for (const cursor of cursors) if (await cursor.advance()) heap.push(cursor)
  for (let keys = 1; heap.size > 0; keys++) {
    const equal = heap.popEqual()
    const newest = equal.reduce((a, b) => (b.entry.index > a.entry.index ? b : a))
    const pending = visit(newest.slot, newest.entry)
    if (pending !== undefined) await pending
    for (const cursor of equal) {
      const moved = cursor.advance()
      if (typeof moved === 'boolean' ? moved : await moved) heap.push(cursor)
    }
    if (keys % keysPerTurn === 0) await nextTurn()
  }
}

/** A binary heap of cursors by the key they stand on. */
class CursorHeap {
  readonly #items: HintCursor[] = []

  get size(): number {
    return this.#items.length
  }

  push(cursor: HintCursor): void {
    let at = this.#items.push(cursor) - 1
    while (at > 0) {
      const parent = (at - 1) >>> 1
      if (compare(this.#items[parent]!, cursor) <= 0) break
      this.#items[at] = this.#items[parent]!
      at = parent
    }
    this.#items[at] = cursor
  }

  /** Takes out all cursors that stand on the lowest key. */
  popEqual(): HintCursor[] {
    const equal = [this.#pop()]
    while (this.size > 0 && compare(this.#items[0]!, equal[0]!) === 0) equal.push(this.#pop())
    return equal
  }

  #pop(): HintCursor {
    const lowest = this.#items[0]!
    const last = this.#items.pop()!
    if (this.size === 0) return lowest
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= this.size) break
      if (child + 1 < this.size && compare(this.#items[child + 1]!, this.#items[child]!) < 0) {
        child++
      }
      if (compare(last, this.#items[child]!) <= 0) break
      this.#items[at] = this.#items[child]!
      at = child
    }
    this.#items[at] = last
    return lowest
  }
}

function compare(a: HintCursor, b: HintCursor): number {
  return Buffer.compare(a.entry.key, b.entry.key)
}
