/** What was written, as versions: the oracle that an opened store is held against. */
export class History {
  readonly #writes: { readonly key: string; readonly value: string | undefined }[] = []
  readonly #states = new Map<number, ReadonlyMap<string, string>>()

  /** The version of the last write. */
  get version(): number {
    return this.#writes.length
  }

  /** Every key that was ever written, in order. */
  get keys(): string[] {
    return [...new Set(this.#writes.map(({ key }) => key))].sort()
  }

  /** What the write of a version set; a value of undefined removed the key. Undefined for no such version. */
  writeAt(
    version: number,
  ): { readonly key: string; readonly value: string | undefined } | undefined {
    return this.#writes[version - 1]
  }

  /** The next version sets `key`, or removes it. */
  add(key: string, value: string | undefined): void {
    this.#writes.push({ key, value })
  }

  /** What the store holds as of `version`, in key order. */
  stateAt(version: number): ReadonlyMap<string, string> {
    const known = this.#states.get(version)
    if (known !== undefined) return known
    const values = new Map<string, string>()
    for (const { key, value } of this.#writes.slice(0, version)) {
      if (value === undefined) values.delete(key)
      else values.set(key, value)
    }
    const state = new Map([...values].sort(([a], [b]) => (a < b ? -1 : 1)))
    this.#states.set(version, state)
    return state
  }
}
