/**
 * A set of strings in order, as a list of sorted blocks: finding a place is a binary search over the blocks
 * and one inside a block, and an insert moves at most one block.
 */
const blockKeysMax = 512

export class SortedKeys {
  readonly #blocks: string[][] = [[]]

  /** Adds a key that is not there yet. */
  insert(key: string): void {
    const at = this.#blockOf(key)
    const block = this.#blocks[at]!
    block.splice(lowerPlace(block, key), 0, key)
    if (block.length > blockKeysMax) this.#split(at)
  }

  /** Removes a key that is there. */
  remove(key: string): void {
    const at = this.#blockOf(key)
    const block = this.#blocks[at]!
    block.splice(lowerPlace(block, key), 1)
    if (block.length === 0 && this.#blocks.length > 1) this.#blocks.splice(at, 1)
  }

  /** Visits the keys >= `from` in order until `visit` returns false. */
  ascend(from: string, visit: (key: string) => boolean): void {
    let place: number | undefined
    for (let at = this.#blockOf(from); at < this.#blocks.length; at++) {
      const block = this.#blocks[at]!
      for (let i = place ?? lowerPlace(block, from); i < block.length; i++) {
        if (!visit(block[i]!)) return
      }
      place = 0
    }
  }

  /** Visits the keys <= `from`, or all without it, in reverse order until `visit` returns false. */
  descend(from: string | undefined, visit: (key: string) => boolean): void {
    const first = from === undefined ? this.#blocks.length - 1 : this.#blockOf(from)
    for (let at = first; at >= 0; at--) {
      const block = this.#blocks[at]!
      for (let i = block.length - 1; i >= 0; i--) {
        const key = block[i]!
        if (from !== undefined && key > from) continue
        if (!visit(key)) return
      }
    }
  }

  /** The last block whose first key is <= `key`, or the first block. */
  #blockOf(key: string): number {
    let low = 0
    let high = this.#blocks.length - 1
    while (low < high) {
      const middle = (low + high + 1) >>> 1
      if (this.#blocks[middle]![0]! <= key) low = middle
      else high = middle - 1
    }
    return low
  }

  /** Keys that come in order, as in recovery, leave full blocks behind. */
  #split(at: number): void {
    const block = this.#blocks[at]!
    const last = at === this.#blocks.length - 1
    this.#blocks.splice(at + 1, 0, block.splice(last ? blockKeysMax : blockKeysMax / 2))
  }
}

/** The place of the first key >= `key`. */
function lowerPlace(block: readonly string[], key: string): number {
  let low = 0
  let high = block.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (block[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
