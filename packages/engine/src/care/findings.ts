/**
 * How bad a problem is:
 * - `corruption`: something that was durable is damaged. The store may refuse to open, or some records cannot be read;
 * - `torn tail`: what a crash has left behind the last good frame, and the next open cuts;
 * - `shortcut`: no data is affected. A hint, a footer or an image that is done without costs time.
 */
export type Severity = 'corruption' | 'torn tail' | 'shortcut'

/** Something wrong with a file of a store. */
export interface Problem {
  /** Below the data directory. */
  readonly path: string
  /** Byte of the file; 0 where it is the whole of it. */
  readonly offset: number
  /** What is wrong, as the end of a sentence about the file. */
  readonly what: string
  /** How bad it is: whether data is affected. */
  readonly severity: Severity
}

/** What a check has found. Sizes in bytes. */
export interface VerifyReport {
  /** Files that were opened to be checked. */
  readonly filesChecked: number
  /** Their lengths together; what cannot be read of them is a problem. */
  readonly bytesChecked: number
  /** Good records, also those that newer ones have replaced. */
  readonly records: number
  /** At most 1,000 of each severity. */
  readonly problems: readonly Problem[]
  /** How many more there are. */
  readonly problemsLeftOut: number
}

const problemsMax = 1_000

/** Gathers what a check finds, in bounded memory. */
export class Findings {
  readonly #problems: Problem[] = []
  readonly #counts: Record<Severity, number> = { corruption: 0, 'torn tail': 0, shortcut: 0 }
  #leftOut = 0
  filesChecked = 0
  bytesChecked = 0
  records = 0

  add(severity: Severity, path: string, offset: number, what: string): void {
    if (++this.#counts[severity] > problemsMax) this.#leftOut++
    else this.#problems.push({ path, offset, what, severity })
  }

  corruption(path: string, offset: number, what: string): void {
    this.add('corruption', path, offset, what)
  }

  /** Of this severity so far. */
  count(severity: Severity): number {
    return this.#counts[severity]
  }

  report(): VerifyReport {
    return {
      filesChecked: this.filesChecked,
      bytesChecked: this.bytesChecked,
      records: this.records,
      problems: this.#problems,
      problemsLeftOut: this.#leftOut,
    }
  }
}
