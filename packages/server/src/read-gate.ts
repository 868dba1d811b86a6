/** Reads under way at once. Node reads files with four threads, so more than some dozens wait anyway. */
const readsMax = 64

/**
 * Admits reads, of all connections together: as many as bring no more than so many bytes into memory, and one
 * however much it brings.
 */
export class ReadGate {
  readonly #bytesMax: number
  #underWay = 0
  #bytes = 0
  #waiting: (() => void)[] = []

  /** `bytesMax`: what the reads under way may bring. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get isFull(): boolean {
    return this.#underWay >= readsMax || this.#bytes >= this.#bytesMax
  }

  /** What the reads under way will bring. */
  get expectedBytes(): number {
    return this.#bytes
  }

  /** `bytes`: what it will bring. */
  begin(bytes: number): void {
    this.#underWay++
    this.#bytes += bytes
  }

  /** `bytes`: as given to {@link begin}. */
  end(bytes: number): void {
    this.#underWay--
    this.#bytes -= bytes
    const isHalfEmpty = this.#underWay <= readsMax / 2 && this.#bytes <= this.#bytesMax / 2
    // Half of it at least, so that who waits goes on with many at once.
    if (this.#waiting.length > 0 && isHalfEmpty) this.#admit()
  }

  /** Calls `run` once there is room. Whoever comes first is called first. */
  wait(run: () => void): void {
    this.#waiting.push(run)
  }

  #admit(): void {
    const waiting = this.#waiting
    this.#waiting = []
    // Those who find it full again wait again, behind each other as before.
    for (const run of waiting) run()
  }
}
