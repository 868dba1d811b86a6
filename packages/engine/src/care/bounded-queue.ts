/** Hands on what one side finds to another that takes it when it likes: no more than some items wait. */
export class BoundedQueue<T> {
  readonly #itemsMax: number
  #items: T[] = []
  #isEnded = false
  #isAbandoned = false
  #error: { readonly error: unknown } | undefined
  #onItem: () => void = () => undefined
  #waiting: (() => void)[] = []

  constructor(itemsMax: number) {
    this.#itemsMax = itemsMax
  }

  /** A promise while there is no room for more. */
  push(item: T): Promise<void> | undefined {
    if (this.#isAbandoned) return undefined
    this.#items.push(item)
    this.#onItem()
    if (this.#items.length < this.#itemsMax) return undefined
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Nothing more comes; with an error, that is what the taker gets behind the last item. */
  end(failure?: { readonly error: unknown }): void {
    this.#isEnded = true
    this.#error = failure
    this.#onItem()
  }

  /** Lets who waits for room go on: nobody takes any more, and what comes is dropped. */
  abandon(): void {
    this.#isAbandoned = true
    this.#makeRoom()
  }

  async *take(): AsyncGenerator<T, void, undefined> {
    for (;;) {
      yield* this.#makeRoom()
      if (this.#items.length > 0) continue
      if (this.#error !== undefined) throw this.#error.error
      if (this.#isEnded) return
      await new Promise<void>((resolve) => {
        this.#onItem = resolve
      })
    }
  }

  /** Returns what waited. */
  #makeRoom(): readonly T[] {
    const items = this.#items
    this.#items = []
    const waiting = this.#waiting
    this.#waiting = []
    for (const goOn of waiting) goOn()
    return items
  }
}
