import type { HintEntryView } from './hint.ts'
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
  visit: (slot: number, entry: HintEntryView) => void | Promise<void>,
): Promise<void> {
  const heap = new CursorHeap()
  for (const cursor of cursors) if (await cursor.advance()) heap.push(cursor)
  let current = heap.pop()
  for (let keys = 1; current !== undefined; keys++) {
    const others = heap.popEqual(current)
    const newest = others.reduce(newerOf, current)
    const pending = visit(newest.slot, newest.entry)
    if (pending !== undefined) await pending
    for (const cursor of others) {
      const moved = cursor.advance()
      if (moved === true || (moved !== false && (await moved))) heap.push(cursor)
    }
    const moved = current.advance()
    // A file's keys often follow one another: its cursor stays outside the heap as long as it is the lowest.
    const goesOn = moved === true || (moved !== false && (await moved))
    current = goesOn ? heap.lower(current) : heap.pop()
    if (keys % keysPerTurn === 0) await nextTurn()
  }
}

function newerOf(a: HintCursor, b: HintCursor): HintCursor {
  return b.entry.index > a.entry.index ? b : a
}

const none: readonly HintCursor[] = []

/** A binary heap of cursors by the key they stand on. */
class CursorHeap {
  readonly #items: HintCursor[] = []

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

  /** Takes out all cursors that stand on the key of `cursor`, which no key in the heap is below. */
  popEqual(cursor: HintCursor): readonly HintCursor[] {
    if (this.#items.length === 0 || compare(this.#items[0]!, cursor) !== 0) return none
    const equal: HintCursor[] = []
    while (this.#items.length > 0 && compare(this.#items[0]!, cursor) === 0) {
      equal.push(this.pop()!)
    }
    return equal
  }

  /** The lower of `cursor` and the lowest in the heap; the other one is in the heap then. */
  lower(cursor: HintCursor): HintCursor {
    const lowest = this.#items[0]
    if (lowest === undefined || compare(cursor, lowest) <= 0) return cursor
    this.#sink(cursor)
    return lowest
  }

  pop(): HintCursor | undefined {
    const lowest = this.#items[0]
    const last = this.#items.pop()
    if (last !== undefined && this.#items.length > 0) this.#sink(last)
    return lowest
  }

  /** Puts a cursor in the place of the lowest, and where it belongs from there. */
  #sink(cursor: HintCursor): void {
    const items = this.#items
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      if (child >= items.length) break
      if (child + 1 < items.length && compare(items[child + 1]!, items[child]!) < 0) child++
      if (compare(cursor, items[child]!) <= 0) break
      items[at] = items[child]!
      at = child
    }
    items[at] = cursor
  }
}

/** By key, byte by byte. Keys are short: a call out of JavaScript would cost more than the loop. */
function compare({ entry: a }: HintCursor, { entry: b }: HintCursor): number {
  const lengthA = a.keyEnd - a.keyStart
  const lengthB = b.keyEnd - b.keyStart
  const length = lengthA < lengthB ? lengthA : lengthB
  for (let i = 0; i < length; i++) {
    const difference = a.source[a.keyStart + i]! - b.source[b.keyStart + i]!
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}
