/** Bytes that all connections together hold: received, in flight, waiting to be sent. */
export class HeldBytes {
  readonly #max: number
  #bytes = 0

  constructor(max: number) {
    this.#max = max
  }

  get bytes(): number {
    return this.#bytes
  }

  get isOver(): boolean {
    return this.#bytes > this.#max
  }

  /** A connection holds `difference` more than before, or less when negative. */
  change(difference: number): void {
    this.#bytes += difference
  }
}
