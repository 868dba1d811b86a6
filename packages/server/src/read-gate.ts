/** Fewest and most reads under way at once. Node reads files with four threads, so more than some dozens wait anyway. */
const readsMin = 4
const readsMax = 64

/** Weight of one answer against those before it, once answers get smaller. */
const decay = 1 / 64

/**
 * Admits reads, of all connections together. How much a read brings into memory shows only afterwards, so what
 * recent ones brought bounds how many may be under way: some large ones, or many small ones.
 */
export class ReadGate {
  readonly #bytesMax: number
  #underWay = 0
  #typicalBytes = 0
  #waiting: (() => void)[] = []

  /** `bytesMax`: what the reads under way should bring at most. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get isFull(): boolean {
    return this.#underWay >= this.#limit()
  }

  /** What the reads under way will probably bring. */
  get expectedBytes(): number {
    return this.#underWay * this.#typicalBytes
  }

  begin(): void {
    this.#underWay++
  }

  /** `bytes`: length of the answer. */
  end(bytes: number): void {
    this.#underWay--
    this.#typicalBytes =
      bytes > this.#typicalBytes ? bytes : this.#typicalBytes + decay * (bytes - this.#typicalBytes)
    // Half of them at least, so that who waits goes on with many at once.
    if (this.#waiting.length > 0 && this.#underWay <= this.#limit() / 2) this.#admit()
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

  #limit(): number {
    const fitting = Math.floor(this.#bytesMax / Math.max(this.#typicalBytes, 1))
    return Math.min(Math.max(fitting, readsMin), readsMax)
  }
}
