import type { KeyBounds } from './key-bounds.ts'
import type { Keydir } from './keydir/keydir.ts'
import type { Location } from './keydir/location.ts'
import { neverExpires } from './record.ts'

/** The keydir as readers see it: a key whose time is over is not there, though its tombstone is still to come. */
export class LiveKeys {
  readonly #keydir: Keydir
  readonly #now: () => number

  /** `now`: ms since the epoch, never going back. */
  constructor(keydir: Keydir, now: () => number) {
    this.#keydir = keydir
    this.#now = now
  }

  lookup(key: Uint8Array): Location | undefined {
    const location = this.#keydir.lookup(key)
    return location === undefined || this.hasExpired(location) ? undefined : location
  }

  /** As {@link Keydir.scan}. */
  scan(
    bounds: KeyBounds,
    reverse: boolean,
    visit: (key: Buffer, location: Location) => boolean,
  ): void {
    this.#keydir.scan(
      bounds,
      reverse,
      (key, location) => this.hasExpired(location) || visit(key, location),
    )
  }

  hasExpired({ expiresAt }: { readonly expiresAt: number }): boolean {
    return expiresAt !== neverExpires && expiresAt <= this.#now()
  }
}
