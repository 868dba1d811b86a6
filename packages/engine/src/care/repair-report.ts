/** A stretch of a file of which nothing could be kept for certain. */
export interface LostStretch {
  /** Below the source directory. */
  readonly path: string
  /** Bytes [from, to). */
  readonly from: number
  readonly to: number
  /** Versions [firstVersion, nextVersion) that may have stood there, as far as they are known. */
  readonly firstVersion: number | undefined
  readonly nextVersion: number | undefined
  readonly what: string
  /** It was perhaps never durable: what a crash has left behind the last good frame. */
  readonly isTornTail: boolean
}

/** A key whose newest value is known to be lost. */
export interface LostKey {
  readonly key: Buffer
  /** Of the value that is lost. */
  readonly version: number
  /** Of the older value that the key has now; undefined when it has none. */
  readonly olderVersion: number | undefined
}

/** What a repair has kept and lost. */
export interface RepairReport {
  readonly filesRead: number
  readonly bytesRead: number
  /** Good records found, also those that newer ones have replaced. */
  readonly records: number
  /** Keys of the new store. */
  readonly keys: number
  /** The new store goes on behind this version. */
  readonly version: number
  /** At most 1,000. */
  readonly lost: readonly LostStretch[]
  readonly lostLeftOut: number
  /** At most 1,000. */
  readonly lostKeys: readonly LostKey[]
  readonly lostKeysLeftOut: number
  /** Records whose checksum is right, of which nothing tells that they are no bytes of a value. */
  readonly doubtfulRecords: number
  /** Whether those were taken. */
  readonly tookDoubtful: boolean
  /** Files that MANIFEST does not name, and that were not read. At most 1,000. */
  readonly unread: readonly string[]
  /** What could not be used of NODE, MANIFEST and marks, and was done without. */
  readonly unusable: readonly string[]
  /** Newer records are lost of which nobody knows the keys: some keys may have an older value than they had. */
  readonly olderMayBeCurrent: boolean
  /** Files that a merge had replaced may have been read: some keys that were deleted may be there again. */
  readonly deletedMayBeBack: boolean
}

const listMax = 1_000

/** Gathers what is lost, in bounded memory. */
export class Losses {
  readonly #stretches: LostStretch[] = []
  readonly #keys: LostKey[] = []
  #stretchesLeftOut = 0
  #keysLeftOut = 0
  doubtfulRecords = 0
  olderMayBeCurrent = false

  stretch(stretch: LostStretch): void {
    if (this.#stretches.length < listMax) this.#stretches.push(stretch)
    else this.#stretchesLeftOut++
  }

  /** Copies the key. */
  key(lost: LostKey): void {
    if (this.#keys.length < listMax) this.#keys.push({ ...lost, key: Buffer.from(lost.key) })
    else this.#keysLeftOut++
    if (lost.olderVersion !== undefined) this.olderMayBeCurrent = true
  }

  report(): Pick<
    RepairReport,
    | 'lost'
    | 'lostLeftOut'
    | 'lostKeys'
    | 'lostKeysLeftOut'
    | 'doubtfulRecords'
    | 'olderMayBeCurrent'
  > {
    return {
      lost: this.#stretches,
      lostLeftOut: this.#stretchesLeftOut,
      lostKeys: this.#keys,
      lostKeysLeftOut: this.#keysLeftOut,
      doubtfulRecords: this.doubtfulRecords,
      olderMayBeCurrent: this.olderMayBeCurrent,
    }
  }
}
