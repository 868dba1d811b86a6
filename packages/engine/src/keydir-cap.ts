import { KvError } from './errors.ts'
import type { Keydir } from './keydir/keydir.ts'
import { type RecordKind, recordKind } from './record.ts'

const mebibyte = 1024 * 1024

/** A write, as far as it matters here. */
interface KeyedOperation {
  readonly kind: RecordKind
  readonly key: Uint8Array
}

/**
 * Keeps the keydir, which holds every key in memory, below `keydirBytesMax`: at the cap puts of new keys are refused,
 * while new values of keys that are there, deletes and merges go on. What is being written when the cap is reached
 * comes on top of it, `pendingBytesMax` at most.
 */
export class KeydirCap {
  readonly #keydir: Keydir
  readonly #bytesMax: number
  /** Whether a write that is under way puts a key. */
  readonly #isBeingPut: (key: Uint8Array) => boolean
  #refused = 0

  constructor(keydir: Keydir, bytesMax: number, isBeingPut: (key: Uint8Array) => boolean) {
    this.#keydir = keydir
    this.#bytesMax = bytesMax
    this.#isBeingPut = isBeingPut
  }

  get stats(): { bytesMax: number; isFull: boolean; refused: number } {
    return { bytesMax: this.#bytesMax, isFull: this.isFull, refused: this.#refused }
  }

  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax
  }

  /** Throws KV_MEMORY_FULL while the cap is reached, when there is a put of a key that is not there. */
  refuseNewKeys(operations: readonly KeyedOperation[]): void {
    if (!this.isFull || !operations.some((operation) => this.#isNew(operation))) return
    this.#refused++
    throw new KvError(
      'KV_MEMORY_FULL',
      `the keys take ${mebibytes(this.#bytes)} of memory, and may take ${mebibytes(this.#bytesMax)}: new keys are refused, all else goes on; nothing was written; delete keys, or raise keydirBytesMax`,
      { details: { keydirBytes: this.#bytes, keydirBytesMax: this.#bytesMax } },
    )
  }

  /** Entries that were given back are there for new keys, and do not count. */
  get #bytes(): number {
    return this.#keydir.usedBytes
  }

  #isNew({ kind, key }: KeyedOperation): boolean {
    return (
      kind === recordKind.put && this.#keydir.lookup(key) === undefined && !this.#isBeingPut(key)
    )
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`
}
