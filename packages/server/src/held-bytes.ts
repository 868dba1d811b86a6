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

  /** Whether no more should be taken in. `expectedBytes` are about to come on top. */
  isOver(expectedBytes = 0): boolean {
    return this.#bytes + expectedBytes > this.#max
  }

  /** A connection holds `difference` more than before, or less when negative. */
  change(difference: number): void {
    this.#bytes += difference
  }
}
