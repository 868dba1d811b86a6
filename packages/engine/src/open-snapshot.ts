import { unreachable } from './assert.ts'
import type { Clock } from './clock.ts'
import { KvError } from './errors.ts'
import type { KeydirSnapshot } from './keydir/keydir-snapshot.ts'

/** Why a snapshot is no longer there. */
export type SnapshotEnd = 'closed' | 'idle' | 'memory' | 'store closed'

/** What a snapshot holds as long as it is open: versions in the keydir, and files that merges have retired. */
export class OpenSnapshot {
  readonly keys: KeydirSnapshot
  /** ms since the epoch: a key whose time was not over then stays. */
  readonly openedAt: number
  readonly #clock: Clock
  readonly #onClose: (snapshot: OpenSnapshot) => void
  #fileReleases: (() => Promise<void>)[] = []
  #lastUsed: number
  #end: SnapshotEnd | undefined

  constructor(
    keys: KeydirSnapshot,
    openedAt: number,
    clock: Clock,
    onClose: (snapshot: OpenSnapshot) => void,
  ) {
    this.keys = keys
    this.openedAt = openedAt
    this.#clock = clock
    this.#onClose = onClose
    this.#lastUsed = clock.monotonic()
  }

  /** When it was last read from, on the clock's monotonic time. */
  get lastUsed(): number {
    return this.#lastUsed
  }

  /** Keeps a file until the snapshot ends; `release` lets it go. */
  holdFile(release: () => Promise<void>): void {
    this.#fileReleases.push(release)
  }

  /** Notes that it is read from. Throws KV_CURSOR_EXPIRED or KV_CLOSED once it has ended. */
  use(): void {
    if (this.#end !== undefined) throw snapshotEnded(this.#end)
    this.#lastUsed = this.#clock.monotonic()
  }

  /** Ends it. Later calls do nothing. */
  close(end: SnapshotEnd): void {
    if (this.#end !== undefined) return
    this.#end = end
    this.keys.close()
    const releases = this.#fileReleases
    this.#fileReleases = []
    // A file that cannot be removed has been reported by the file table.
    for (const release of releases) release().catch(() => undefined)
    this.#onClose(this)
  }
}

function snapshotEnded(end: SnapshotEnd): KvError {
  switch (end) {
    case 'closed':
      return new KvError('KV_CLOSED', 'the snapshot is closed; nothing was read; open another one')
    case 'store closed':
      return new KvError('KV_CLOSED', 'the store is closed; nothing was read; open it again')
    case 'idle':
      return new KvError(
        'KV_CURSOR_EXPIRED',
        'the snapshot was not read from for snapshotIdleMs and has expired; nothing was read; open another one, and go on behind the last key',
      )
    case 'memory':
      return new KvError(
        'KV_CURSOR_EXPIRED',
        'so much was overwritten behind the snapshot that it has expired (snapshotMemoryBytesMax); nothing was read; open another one, and go on behind the last key',
      )
    default:
      return unreachable(end)
  }
}
