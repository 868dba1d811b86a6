/** Waits for what events bring about, without looking at a clock. */
export class Progress {
  readonly #waiters = new Set<() => void>()

  /** To be called after each change: conditions are looked at again. */
  changed(): void {
    for (const check of this.#waiters) check()
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!condition()) return
        this.#waiters.delete(check)
        resolve()
      }
      this.#waiters.add(check)
      check()
    })
  }
}
