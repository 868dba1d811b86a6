import type { KeyBounds } from '../key-bounds.ts'
import type { Entries } from './entries.ts'
import { walkInside } from './entry-scan.ts'
import { EntryStack } from './entry-stack.ts'
import { KeyOrder } from './key-order.ts'
import type { KeyWords } from './key-words.ts'
import type { Location } from './location.ts'
import type { OrderWalk } from './order-walk.ts'

/** What a kept version takes beside its entry, about: in the order, and in a view's list. */
const listBytes = 16

/** A view that somebody has of the keydir as of an index, and the versions kept for it and for none newer. */
export interface KeptView {
  readonly index: number
  readonly versions: EntryStack
}

/**
 * Versions that were replaced or removed while a view saw them, in key order beside the keydir's own, which holds
 * the newest version of each key. A version is kept while a view sees it: one as of its index or later, and
 * before that of what replaced it.
 *
 * Each version is in the list of the newest view that sees it. When that closes, it goes on to the next one that
 * does, or is freed (as ZFS does with the dead lists of its snapshots). So closing a view costs as much as its
 * own list is long, whatever other views there are.
 */
export class KeptVersions {
  readonly #entries: Entries
  readonly #order: KeyOrder
  /** Lowest index first. */
  readonly #views: KeptView[] = []
  /** Lists of views that were closed. */
  readonly #left: EntryStack[] = []
  #bytes = 0

  constructor(entries: Entries) {
    this.#entries = entries
    this.#order = new KeyOrder(entries)
  }

  /** Memory of all that is kept, in bytes. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether there are versions that no view needs any more: {@link release}. */
  get hasLeft(): boolean {
    return this.#left.length > 0
  }

  /** Opens a view as of `index`, which is not lower than that of any other. */
  open(index: number): KeptView {
    const view: KeptView = { index, versions: new EntryStack() }
    this.#views.push(view)
    return view
  }

  close(view: KeptView): void {
    this.#views.splice(this.#views.indexOf(view), 1)
    if (view.versions.length > 0) this.#left.push(view.versions)
  }

  /** Whether a view sees the version that has `index` and is replaced now. */
  isSeen(index: number): boolean {
    const newest = this.#views.at(-1)
    return newest !== undefined && index <= newest.index
  }

  /** Keeps a version of `key`, which {@link isSeen} and which `replacedAt` replaces. */
  keep(key: KeyWords, location: Location, replacedAt: number): void {
    const entry = this.#entries.createReplaced(key, location, replacedAt)
    this.#order.insert(entry, key)
    this.#views.at(-1)!.versions.push(entry)
    this.#bytes += this.#bytesOf(entry)
  }

  /** Frees up to `count` of the versions that no view needs any more. */
  release(count: number, key: KeyWords): void {
    for (let released = 0; released < count; released++) {
      const list = this.#left.at(-1)
      if (list === undefined) return
      this.#releaseEntry(list.pop(), key)
      if (list.length === 0) this.#left.splice(this.#left.indexOf(list), 1)
    }
  }

  /** The version of `key` that a view as of `index` sees, if it was replaced by now; else 0. */
  find(key: KeyWords, index: number): number {
    const place = this.#order.seek(key)
    for (let entry = this.#order.next(place); entry !== 0; entry = this.#order.next(place)) {
      if (!this.#entries.isKey(entry, key)) return 0
      if (isSeenAsOf(this.#entries, entry, index)) return entry
    }
    return 0
  }

  walk(bounds: KeyBounds, reverse: boolean): OrderWalk {
    return walkInside(this.#entries, this.#order, bounds, reverse)
  }

  #releaseEntry(entry: number, key: KeyWords): void {
    const entries = this.#entries
    const replacedAt = entries.replacedAt(entry)
    const next = this.#views.findLast(({ index }) => index < replacedAt)
    if (next !== undefined && next.index >= entries.index(entry)) {
      next.versions.push(entry)
      return
    }
    entries.readKey(entry, key)
    this.#order.remove(entry, key)
    this.#bytes -= this.#bytesOf(entry)
    entries.free(entry)
  }

  #bytesOf(entry: number): number {
    return this.#entries.words(entry) * 4 + listBytes
  }
}

/** Whether a view as of `index` sees the version that an entry is. */
export function isSeenAsOf(entries: Entries, entry: number, index: number): boolean {
  if (entries.index(entry) > index) return false
  const replacedAt = entries.replacedAt(entry)
  return replacedAt === 0 || replacedAt > index
}
