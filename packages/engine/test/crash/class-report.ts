import { expect } from 'vitest'

/**
 * What one class of fault tests has done: printed as one line, and held against its floors, so that a test
 * that injects nothing is a failure.
 */
export class ClassReport {
  readonly #name: string
  readonly #seed: number
  readonly #counts = new Map<string, number>()

  constructor(name: string, seed: number) {
    this.#name = name
    this.#seed = seed
  }

  count(what: string, times = 1): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + times)
  }

  /** Prints the line. Fails where fewer were counted than `floors` say. */
  finish(floors: Readonly<Record<string, number>>): void {
    const counts = [...this.#counts].map(([what, count]) => `${what}=${count}`)
    console.info([`class=${this.#name}`, ...counts, `seed=${this.#seed}`].join(' '))
    for (const [what, floor] of Object.entries(floors)) {
      expect(this.#counts.get(what) ?? 0, `${this.#name}: ${what}`).toBeGreaterThanOrEqual(floor)
    }
  }
}
