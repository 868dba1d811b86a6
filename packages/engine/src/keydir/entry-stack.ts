const firstCapacity = 16

/** Entries, the last one in the first one out, outside the JavaScript heap. */
export class EntryStack {
  #entries: Int32Array = new Int32Array(firstCapacity)
  #length = 0

  get length(): number {
    return this.#length
  }

  push(entry: number): void {
    if (this.#length === this.#entries.length) {
      const entries = new Int32Array(this.#length * 2)
      entries.set(this.#entries)
      this.#entries = entries
    }
    this.#entries[this.#length++] = entry
  }

  /** The entry that came last. There is one. */
  pop(): number {
    return this.#entries[--this.#length]!
  }
}
