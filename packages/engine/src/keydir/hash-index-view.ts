import { hashDirectory } from './hash-directory.ts'
import { hashSegment, tagOf, zeroBytes } from './hash-segment.ts'
import { chunkOf, placeOf } from './word-memory.ts'

const { depthWord, placesWord, staleDepth, changingDepth } = hashDirectory
const { groups, tagsPlace, entriesPlace, overflowPlace } = hashSegment

/** How often a view looks again before it gives up. */
const viewAttempts = 4

/** A hash index in memory that threads share. */
export interface SharedHashIndex {
  readonly directory: SharedArrayBuffer
  readonly segments: readonly SharedArrayBuffer[]
}

/**
 * Reads a hash index that another thread changes meanwhile. Whatever is seen of it counts only if the
 * sequence counter of its segment was even and the same before and after.
 */
export class HashIndexView {
  readonly #directory: Int32Array<SharedArrayBuffer>
  readonly #segments: readonly Int32Array<SharedArrayBuffer>[]

  constructor({ directory, segments }: SharedHashIndex) {
    this.#directory = new Int32Array(directory)
    this.#segments = segments.map((buffer) => new Int32Array(buffer))
  }

  /**
   * Calls `visit` for each entry that may be that of a key with this hash until it returns a result. Returns
   * that; `none` when there is no more entry, or undefined when no stable view was to be had.
   */
  find<T>(hash: number, none: T, visit: (entry: number) => T | undefined): T | undefined {
    for (let attempt = 0; attempt < viewAttempts; attempt++) {
      const depth = Atomics.load(this.#directory, depthWord)
      if (depth === staleDepth) return undefined
      if (depth === changingDepth) continue
      const place = placesWord + ((hash >>> 1) >>> (31 - depth))
      const head = Atomics.load(this.#directory, place)
      const words = this.#segments[chunkOf(head)]
      if (words === undefined) return undefined
      const before = Atomics.load(words, placeOf(head))
      if (before % 2 !== 0) continue
      const found = this.#findFrom(head, hash, none, visit)
      const isStable =
        Atomics.load(words, placeOf(head)) === before &&
        Atomics.load(this.#directory, place) === head &&
        Atomics.load(this.#directory, depthWord) === depth
      if (isStable) return found
    }
    return undefined
  }

  #findFrom<T>(
    head: number,
    hash: number,
    none: T,
    visit: (entry: number) => T | undefined,
  ): T | undefined {
    const wanted = tagOf(hash)
    for (let segment = head; segment !== 0; ) {
      const words = this.#segments[chunkOf(segment)]
      if (words === undefined) return undefined
      const at = placeOf(segment)
      for (let group = hash & (groups - 1), probed = 0; probed < groups; probed++) {
        const tags = words[at + tagsPlace + 2 * group]!
        for (let i = 0; i < 4; i++) {
          if (((tags >>> (i << 3)) & 0xff) !== wanted) continue
          const found = visit(words[at + entriesPlace + group * 4 + i]!)
          if (found !== undefined) return found
        }
        if (zeroBytes(tags) !== 0) break
        group = (group + 1) & (groups - 1)
      }
      segment = words[at + overflowPlace]!
    }
    return none
  }
}
