import type { Clock } from './clock.ts'
import { KvError } from './errors.ts'
import type { ReadableFile } from './file-system/file-system.ts'
import { readFully, readFullySync } from './file-system/transfer.ts'
import type { FileTable } from './file-table.ts'
import { keyText } from './key-text.ts'
import type { Location } from './keydir/keydir.ts'
import {
  expiryBytes,
  neverExpires,
  type RecordKind,
  RecordView,
  recordBytes,
  recordKind,
} from './record.ts'

/** Records up to this size are read in the same turn of the event loop when their file is open. */
const syncReadBytesMax = 64 * 1024
/**
 * A read that took longer than this, in ms, came from the disk and held the event loop: the next ones go
 * through the thread pool, then one tries again. So at most one read in so many holds the loop.
 */
const slowReadMs = 0.3
const pooledReadsAfterSlowOne = 32
/** Reads under way at once for one caller. */
const readsInFlightMax = 32
/** Records read in one turn of the event loop; a multiple of {@link readsInFlightMax}. */
const recordsPerTurn = 256

/** A key and where its record should be. */
export interface RecordAddress {
  readonly key: Uint8Array
  readonly location: Location
  /** A put, unless said otherwise. */
  readonly kind?: RecordKind
}

/** Length of the value in bytes, as the keydir knows it. */
export function valueBytesOf({ key, location }: RecordAddress): number {
  const expiry = location.expiresAt === neverExpires ? 0 : expiryBytes
  return location.size - recordBytes(key.length, expiry)
}

/**
 * Reads records: one positional read each, checksum, key and index verified always. A mismatch is
 * `KV_CORRUPT_RECORD`, never other data. Bytes handed out are the caller's own.
 */
export class RecordReader {
  readonly #files: FileTable
  readonly #clock: Clock
  #pooledReadsLeft = 0

  constructor(files: FileTable, clock: Clock) {
    this.#files = files
    this.#clock = clock
  }

  /** The record, in this turn of the event loop where that is quick. */
  read(address: RecordAddress): RecordView | Promise<RecordView> {
    const { location } = address
    const handle = this.#isQuick(location) ? this.#files.handle(location.slot) : undefined
    if (handle === undefined) return this.#readLater(address)
    const bytes = Buffer.allocUnsafe(location.size)
    const start = this.#clock.monotonic()
    const count = this.#readSync(handle, bytes, address)
    if (this.#clock.monotonic() - start > slowReadMs) {
      this.#pooledReadsLeft = pooledReadsAfterSlowOne
    }
    return this.#verified(bytes.subarray(0, count), address)
  }

  /**
   * Reads many records, in the order asked for, some of them at once. Their files stay, from this very call
   * on, until all are read.
   */
  async readMany(addresses: readonly RecordAddress[]): Promise<RecordView[]> {
    const slots = new Set(addresses.map(({ location }) => location.slot))
    const release = this.#files.pin(slots)
    try {
      const records: RecordView[] = []
      for (let at = 0; at < addresses.length; at += readsInFlightMax) {
        const batch = addresses.slice(at, at + readsInFlightMax)
        // Reads of cached records never leave the turn by themselves.
        if (at > 0 && at % recordsPerTurn === 0) await this.#clock.nextTurn()
        records.push(...(await Promise.all(batch.map(async (address) => this.read(address)))))
      }
      return records
    } finally {
      await release()
    }
  }

  #isQuick(location: Location): boolean {
    if (location.size > syncReadBytesMax) return false
    if (this.#pooledReadsLeft === 0) return true
    this.#pooledReadsLeft--
    return false
  }

  #readLater(address: RecordAddress): Promise<RecordView> {
    const { location } = address
    return this.#files.withFile(location.slot, async (handle) => {
      const bytes = Buffer.allocUnsafe(location.size)
      const count = await readFully(handle, bytes, location.offset).catch((error: unknown) => {
        throw this.#corrupt(address, error)
      })
      return this.#verified(bytes.subarray(0, count), address)
    })
  }

  #readSync(handle: ReadableFile, target: Buffer, address: RecordAddress): number {
    try {
      return readFullySync(handle, target, address.location.offset)
    } catch (error) {
      throw this.#corrupt(address, error)
    }
  }

  #verified(bytes: Buffer, address: RecordAddress): RecordView {
    const { key, location, kind = recordKind.put } = address
    const record = new RecordView()
    const good =
      bytes.length === location.size &&
      record.readChecked(bytes, 0, bytes.length) &&
      record.end === bytes.length &&
      record.kind === kind &&
      record.index === location.index &&
      record.key.equals(key)
    if (!good) throw this.#corrupt(address)
    return record
  }

  #corrupt({ key, location }: RecordAddress, cause?: unknown): KvError {
    const { slot, offset, size, index } = location
    const { path } = this.#files.file(slot)
    return new KvError(
      'KV_CORRUPT_RECORD',
      `the record of version ${index} in ${path} at byte ${offset} is damaged; nothing was changed; restore it from a backup, or write the key anew`,
      {
        details: { key: keyText(key), path, offset, size, index },
        ...(cause === undefined ? {} : { cause }),
      },
    )
  }
}
