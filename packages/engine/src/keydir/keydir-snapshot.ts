import type { KeyBounds } from '../key-bounds.ts'
import type { LocationList } from '../location-list.ts'
import type { Entries } from './entries.ts'
import { collectEntries, countEntries } from './entry-scan.ts'
import type { KeptVersions, KeptView } from './kept-versions.ts'
import type { KeyCount, KeySource } from './key-source.ts'
import { KeyWords } from './key-words.ts'
import type { Location } from './location.ts'
import type { OrderWalk } from './order-walk.ts'
import { SnapshotWalk } from './snapshot-walk.ts'

/** What a snapshot needs of the keydir. */
export interface CurrentEntries {
  readonly entries: Entries
  /** The entry of a key, or 0. */
  find(key: KeyWords): number
  walk(bounds: KeyBounds, reverse: boolean): OrderWalk
}

/** The keydir as of an index. Costs nothing but the versions that are replaced while it is open. */
export class KeydirSnapshot implements KeySource {
  readonly #current: CurrentEntries
  readonly #kept: KeptVersions
  readonly #view: KeptView
  readonly #key = new KeyWords()

  /** As of `index`, that of the last applied record: nothing newer is in the keydir. */
  constructor(current: CurrentEntries, kept: KeptVersions, index: number) {
    this.#current = current
    this.#kept = kept
    this.#view = kept.open(index)
  }

  /** Index of the last record that it sees. */
  get index(): number {
    return this.#view.index
  }

  lookup(key: Uint8Array): Location | undefined {
    const { entries } = this.#current
    const words = this.#key
    words.load(key, 0, key.length)
    const current = this.#current.find(words)
    const isSeen = current !== 0 && entries.index(current) <= this.index
    const entry = isSeen ? current : this.#kept.find(words, this.index)
    return entry === 0 ? undefined : entries.location(entry)
  }

  scan(
    bounds: KeyBounds,
    reverse: boolean,
    visit: (key: Buffer, location: Location) => boolean,
  ): void {
    const { entries } = this.#current
    for (const walk = this.#walk(bounds, reverse); walk.entry !== 0; walk.advance()) {
      if (!visit(entries.key(walk.entry), entries.location(walk.entry))) return
    }
  }

  collect(
    bounds: KeyBounds,
    reverse: boolean,
    bytesMax: number,
    now: number,
    list: LocationList,
  ): boolean {
    return collectEntries(this.#current.entries, this.#walk(bounds, reverse), bytesMax, now, list)
  }

  isKeyOf(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#current.entries.isKeyOf(entry, bytes, start, end)
  }

  count(bounds: KeyBounds, visitsMax: number, now: number): KeyCount {
    return countEntries(this.#current.entries, this.#walk(bounds, false), visitsMax, now)
  }

  /** Ends the view. The versions kept for it are freed later: {@link KeptVersions.release}. */
  close(): void {
    this.#kept.close(this.#view)
  }

  #walk(bounds: KeyBounds, reverse: boolean): SnapshotWalk {
    const current = this.#current.walk(bounds, reverse)
    const kept = this.#kept.walk(bounds, reverse)
    return new SnapshotWalk(this.#current.entries, this.index, current, kept)
  }
}
