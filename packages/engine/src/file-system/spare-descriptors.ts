import { closeSync, openSync } from 'node:fs'
import { isOutOfDescriptors } from '../errors.ts'

/** One for the next log segment, one for MANIFEST, one to sync a directory through, one for a merge's output. */
const spares = 4
/** A file that is always there and costs nothing. */
const anyFile = '/dev/null'

/**
 * Descriptors that are kept open for what must not fail for want of one, while stores are open in this process:
 * connections and reads can take all others. One is closed in the very turn in which its place is needed, so that
 * only another thread could be faster; and taken back once any is free.
 */
export class SpareDescriptors {
  readonly #descriptors: number[] = []
  #holders = 0

  get count(): number {
    return this.#descriptors.length
  }

  /** A store is open from now on, until {@link letGo}. */
  hold(): void {
    this.#holders++
    this.refill()
  }

  letGo(): void {
    this.#holders--
    if (this.#holders > 0) return
    for (const descriptor of this.#descriptors.splice(0)) closeSync(descriptor)
  }

  /** Takes back what was given: some descriptor may be free by now. */
  refill(): void {
    while (this.#holders > 0 && this.#descriptors.length < spares) {
      try {
        this.#descriptors.push(openSync(anyFile, 'r'))
      } catch {
        // None is free yet, or the system has no such file: then there are no spares.
        return
      }
    }
  }

  /** What `open` opens, for which `error` said that no descriptor is free. Throws as `open` when no spare helps. */
  open(open: () => number, error: unknown): number {
    let failure = error
    while (isOutOfDescriptors(failure)) {
      // The lowest first: once the limit was lowered, numbers above it are of no use.
      const spare = this.#descriptors.shift()
      if (spare === undefined) break
      closeSync(spare)
      try {
        return open()
      } catch (next) {
        failure = next
      }
    }
    throw failure
  }
}
