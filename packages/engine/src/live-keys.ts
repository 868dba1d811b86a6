import type { KeyBounds } from './key-bounds.ts'
import type { KeyCount, KeySource } from './keydir/key-source.ts'
import type { Location } from './keydir/location.ts'
import type { LocationList } from './location-list.ts'
import { neverExpires } from './record.ts'

/**
 * The keydir, or a snapshot of it, as readers see it: a key whose time is over is not there, though its
 * tombstone is still to come.
 */
export class LiveKeys {
  readonly #keys: KeySource
  readonly #now: () => number

  /** `now`: ms since the epoch, never going back. */
  constructor(keys: KeySource, now: () => number) {
    this.#keys = keys
    this.#now = now
  }

  lookup(key: Uint8Array): Location | undefined {
    const location = this.#keys.lookup(key)
    return location === undefined || this.hasExpired(location) ? undefined : location
  }

  /** As {@link KeySource.scan}. */
  scan(
    bounds: KeyBounds,
    reverse: boolean,
    visit: (key: Buffer, location: Location) => boolean,
  ): void {
    this.#keys.scan(
      bounds,
      reverse,
      (key, location) => this.hasExpired(location) || visit(key, location),
    )
  }

  /** As {@link KeySource.collect}. */
  collect(bounds: KeyBounds, reverse: boolean, bytesMax: number, list: LocationList): boolean {
    return this.#keys.collect(bounds, reverse, bytesMax, this.#now(), list)
  }

  /** As {@link KeySource.isKeyOf}. */
  isKeyOf(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    return this.#keys.isKeyOf(entry, bytes, start, end)
  }

  /** As {@link KeySource.count}. */
  count(bounds: KeyBounds, visitsMax: number): KeyCount {
    return this.#keys.count(bounds, visitsMax, this.#now())
  }

  hasExpired({ expiresAt }: { readonly expiresAt: number }): boolean {
    return expiresAt !== neverExpires && expiresAt <= this.#now()
  }
}
