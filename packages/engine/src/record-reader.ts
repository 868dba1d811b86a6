import type { Clock } from './clock.ts'
import { KvError } from './errors.ts'
import type { ReadableFile } from './file-system/file-system.ts'
import { readFully, readFullySync } from './file-system/transfer.ts'
import type { FileTable } from './file-table.ts'
import { keyText } from './key-text.ts'
import type { Location } from './keydir/location.ts'
import { Lanes, poolThreads } from './lanes.ts'
import { LocationList } from './location-list.ts'
import { rangeEntry } from './range-entry.ts'
import { blockBytes, ReadCache } from './read-cache.ts'
import { quickBytesMax, ReadPace } from './read-pace.ts'
import { type RecordKind, RecordView, recordBytes, recordKind } from './record.ts'
import { type RecordSpan, recordSpans, spanBytesMax } from './record-span.ts'
import type { RangeEntry } from './results.ts'
import { Slab } from './slab.ts'
import { TurnBudget } from './turn-budget.ts'

/** Spans being read at once for one caller. */
const readsInFlightMax = 32
/** Keys that are handed out together share so much memory. */
const keySlabBytes = 4 * 1024
/** What reads may take of one turn of the event loop, in us. A record takes one at least. */
const usPerTurn = 2_000

/** A key and where its record should be. */
export interface RecordAddress {
  readonly key: Uint8Array
  readonly location: Location
  /** A put, unless said otherwise. */
  readonly kind?: RecordKind
}

/** Reads that the thread pool makes. */
export interface ReadStats {
  /** Reads that a thread has begun. */
  readonly underWay: number
  /** Reads that wait for a free thread. */
  readonly waiting: number
}

/** Length of the value in bytes, as the keydir knows it. */
export function valueBytesOf({ key, location }: RecordAddress): number {
  return location.size - recordBytes(key.length, 0, location.expiresAt)
}

/**
 * Reads records: one positional read each, checksum, key and index verified always. A mismatch is
 * `KV_CORRUPT_RECORD`, never other data. Bytes handed out are the caller's own, unless they are lent.
 */
export class RecordReader {
  readonly #files: FileTable
  readonly #clock: Clock
  readonly #cache: ReadCache
  readonly #budget: TurnBudget
  /** For the blocks around a record that the cache wants. */
  #blocks = Buffer.alloc(0)
  /** For records that are lent; none before the first one is. */
  #lent: Buffer | undefined
  /** For spans, and apart from them for keys: whoever keeps a key must not keep the values that were read beside it. */
  readonly #spans = new Slab(spanBytesMax)
  readonly #keys = new Slab(keySlabBytes)
  readonly #pace = new ReadPace()
  readonly #lanes: Lanes

  constructor(files: FileTable, clock: Clock, cache: ReadCache = new ReadCache(0)) {
    this.#files = files
    this.#clock = clock
    this.#cache = cache
    // One thread is left for the log: a sync must not wait for reads.
    this.#lanes = new Lanes(Math.max(1, poolThreads() - 1))
    this.#budget = new TurnBudget(clock, usPerTurn)
  }

  get stats(): ReadStats {
    return { underWay: this.#lanes.underWay, waiting: this.#lanes.waiting }
  }

  /**
   * The record, in this turn of the event loop where that is quick. The key need not be good any longer than the call
   * lasts. One that is returned at once may be lent: its bytes are good until the next read.
   */
  read(address: RecordAddress, isLent = false): RecordView | Promise<RecordView> {
    const nextTurn = this.#budget.spend(1)
    return nextTurn === undefined
      ? (this.#readNow(address, isLent) ?? this.#readLater(ownAddress(address)))
      : this.#readInTurn(nextTurn, ownAddress(address))
  }

  /** The file stays until then. */
  async #readInTurn(nextTurn: Promise<void>, address: RecordAddress): Promise<RecordView> {
    const release = this.#files.pin([address.location.slot])
    try {
      let wait: Promise<void> | undefined = nextTurn
      for (; wait !== undefined; wait = this.#budget.spend(1)) await wait
      return await this.#read(address)
    } finally {
      await release()
    }
  }

  #read(address: RecordAddress): RecordView | Promise<RecordView> {
    return this.#readNow(address) ?? this.#readLater(address)
  }

  #readNow(address: RecordAddress, isLent = false): RecordView | undefined {
    const { slot, offset, size } = address.location
    const lent = isLent ? (this.#lent ??= Buffer.allocUnsafeSlow(quickBytesMax)) : undefined
    const cached = this.#cache.copy(this.#files.number(slot), offset, size, lent)
    if (cached !== undefined) {
      const record = this.#record(cached, 0, address)
      // Whatever befell the copy, the file is what counts.
      if (record !== undefined) return record
    }
    const handle = this.#pace.isQuick(size) ? this.#files.handle(slot) : undefined
    if (handle === undefined) return undefined
    const start = this.#clock.monotonic()
    const record = this.#cache.wants(size)
      ? this.#readWithBlocks(handle, address, isLent)
      : this.#readAlone(handle, address, lent)
    this.#noteDuration(start, size)
    return record
  }

  #readAlone(handle: ReadableFile, address: RecordAddress, lent: Buffer | undefined): RecordView {
    const { size, offset } = address.location
    const bytes = lent?.subarray(0, size) ?? Buffer.allocUnsafe(size)
    const count = this.#readSync(handle, bytes, offset, address)
    return this.#verified(count === size ? bytes : bytes.subarray(0, count), 0, address)
  }

  /** Reads the blocks that hold the record, and leaves them in the cache. */
  #readWithBlocks(handle: ReadableFile, address: RecordAddress, isLent: boolean): RecordView {
    const { offset, size } = this.#blocksOf(address)
    if (this.#blocks.length < size) this.#blocks = Buffer.allocUnsafeSlow(2 * size)
    const blocks = this.#blocks.subarray(0, size)
    const count = this.#readSync(handle, blocks, offset, address)
    return this.#keepBlocks(blocks.subarray(0, count), offset, address, isLent)
  }

  /** The stretch of blocks that holds a record, as far as it is written. */
  #blocksOf({ location }: RecordAddress): { offset: number; size: number } {
    const offset = location.offset - (location.offset % blockBytes)
    const end = Math.ceil((location.offset + location.size) / blockBytes) * blockBytes
    return { offset, size: Math.min(end, this.#files.file(location.slot).bytes) - offset }
  }

  /**
   * The record inside `blocks`, which start at `offset`: a copy, unless they are lent. What of them will not change goes to
   * the cache.
   */
  #keepBlocks(blocks: Buffer, offset: number, address: RecordAddress, isLent: boolean): RecordView {
    const { location } = address
    const at = location.offset - offset
    const record = isLent
      ? this.#verified(blocks, at, address)
      : this.#verified(Buffer.from(blocks.subarray(at, at + location.size)), 0, address)
    // The last block of a file that grows is not whole yet.
    const isComplete = this.#files.file(location.slot).state === 'sealed'
    const kept = isComplete ? blocks.length : blocks.length - (blocks.length % blockBytes)
    this.#cache.fill(this.#files.number(location.slot), offset, blocks.subarray(0, kept))
    return record
  }

  /**
   * Reads many records, in the order asked for, neighbours together and some spans at once. Their files stay,
   * from this very call on, until all are read. Records of one span share its memory, as those of spans that follow one
   * another may.
   */
  async readMany(addresses: readonly RecordAddress[]): Promise<RecordView[]> {
    const release = this.#files.pin(new Set(addresses.map(({ location }) => location.slot)))
    const later: Promise<void>[] = []
    try {
      const records = Array.from<RecordView>({ length: addresses.length })
      for (const span of recordSpans(LocationList.of(addresses))) {
        const units = span.end - span.start
        let wait = this.#budget.spend(units)
        for (; wait !== undefined; wait = this.#budget.spend(units)) await wait
        const pending = this.#readSpan(span, addresses, records)
        if (pending === undefined) continue
        later.push(pending)
        // Its failure is heard of below, and must not count as unheard until then.
        pending.catch(() => undefined)
        if (later.length % readsInFlightMax === 0) await Promise.all(later)
      }
      await Promise.all(later)
      return records
    } finally {
      await Promise.allSettled(later)
      await release()
    }
  }

  /**
   * Reads a list in this turn of the event loop, or not at all: undefined when some of it is not at hand, or not what it
   * should be, which {@link readMany} then tells. `isKeyOf` says whether a record's key is that of an entry. Values of
   * one span, and of spans that follow one another, share memory, and so do keys.
   */
  readNow(
    list: LocationList,
    isKeyOf: (entry: number, bytes: Uint8Array, start: number, end: number) => boolean,
  ): RangeEntry[] | undefined {
    if (this.#budget.spend(list.length) !== undefined) return undefined
    const entries: RangeEntry[] = []
    const record = new RecordView()
    for (const span of recordSpans(list)) {
      const bytes = this.#spanNow(span)
      if (bytes === undefined) return undefined
      for (let place = span.start; place < span.end; place++) {
        const at = list.offsets[place]! - span.offset
        const end = at + list.sizes[place]!
        const isGood =
          end <= bytes.length &&
          record.readChecked(bytes, at, end) &&
          record.end === end &&
          record.kind === recordKind.put &&
          record.index === list.indexes[place] &&
          isKeyOf(list.entries[place]!, bytes, record.keyStart, record.valueStart)
        if (!isGood) return undefined
        entries.push(rangeEntry(this.#keyOf(record), record.value, record))
      }
    }
    return entries
  }

  /** A copy of a record's key. Byte by byte: keys are short, and a call for each costs more. */
  #keyOf({ source, keyStart, valueStart }: RecordView): Buffer {
    const size = valueStart - keyStart
    const key = this.#keys.take(size)
    for (let i = 0; i < size; i++) key[i] = source[keyStart + i]!
    return key
  }

  /** The bytes of a span, if they are at hand. */
  #spanNow(span: RecordSpan): Buffer | undefined {
    const { slot, offset, size } = span
    if (span.end - span.start === 1) {
      const cached = this.#cache.copy(this.#files.number(slot), offset, size)
      if (cached !== undefined) return cached
    }
    if (!this.#pace.wouldBeQuick(size)) return undefined
    const handle = this.#files.handle(slot)
    if (handle === undefined) return undefined
    const bytes = this.#spans.take(size)
    const start = this.#clock.monotonic()
    try {
      const count = readFullySync(handle, bytes, offset)
      this.#noteDuration(start, size)
      return count === size ? bytes : undefined
    } catch {
      return undefined
    }
  }

  /** Reads a span, in this turn of the event loop where that is quick. */
  #readSpan(
    span: RecordSpan,
    addresses: readonly RecordAddress[],
    records: RecordView[],
  ): Promise<void> | undefined {
    if (span.end - span.start === 1) {
      const record = this.#read(addresses[span.start]!)
      if (record instanceof RecordView) records[span.start] = record
      else return record.then((read) => void (records[span.start] = read))
      return undefined
    }
    const handle = this.#pace.isQuick(span.size) ? this.#files.handle(span.slot) : undefined
    if (handle === undefined) return this.#readSpanLater(span, addresses, records)
    const bytes = this.#spans.take(span.size)
    const start = this.#clock.monotonic()
    let count: number
    try {
      count = readFullySync(handle, bytes, span.offset)
    } catch {
      // One by one, to say which record it is that cannot be read.
      return this.#readSingly(span, addresses, records)
    }
    this.#noteDuration(start, span.size)
    this.#verifySpan(span, bytes.subarray(0, count), addresses, records)
    return undefined
  }

  async #readSpanLater(
    span: RecordSpan,
    addresses: readonly RecordAddress[],
    records: RecordView[],
  ): Promise<void> {
    const bytes = this.#spans.take(span.size)
    const count = await this.#files
      .withFile(span.slot, (handle) => this.#lanes.run(() => readFully(handle, bytes, span.offset)))
      .catch(() => -1)
    if (count === -1) await this.#readSingly(span, addresses, records)
    else this.#verifySpan(span, bytes.subarray(0, count), addresses, records)
  }

  async #readSingly(
    span: RecordSpan,
    addresses: readonly RecordAddress[],
    records: RecordView[],
  ): Promise<void> {
    for (let place = span.start; place < span.end; place++) {
      records[place] = await this.#read(addresses[place]!)
    }
  }

  #verifySpan(
    span: RecordSpan,
    bytes: Buffer,
    addresses: readonly RecordAddress[],
    records: RecordView[],
  ): void {
    for (let place = span.start; place < span.end; place++) {
      const address = addresses[place]!
      records[place] = this.#verified(bytes, address.location.offset - span.offset, address)
    }
  }

  #readLater(address: RecordAddress): Promise<RecordView> {
    const { slot, size } = address.location
    const wants = this.#cache.wants(size)
    return this.#files.withFile(slot, async (handle) => {
      const span = wants ? this.#blocksOf(address) : address.location
      const bytes = Buffer.allocUnsafe(span.size)
      const count = await this.#lanes
        .run(() => readFully(handle, bytes, span.offset))
        .catch((error: unknown) => {
          throw this.#corrupt(address, error)
        })
      const read = bytes.subarray(0, count)
      if (!wants) return this.#verified(read, 0, address)
      return this.#keepBlocks(read, span.offset, address, false)
    })
  }

  #readSync(
    handle: ReadableFile,
    target: Buffer,
    position: number,
    address: RecordAddress,
  ): number {
    try {
      return readFullySync(handle, target, position)
    } catch (error) {
      throw this.#corrupt(address, error)
    }
  }

  /** Notes how long a read took that began at `start` and held the event loop. */
  #noteDuration(start: number, bytes: number): void {
    const ms = this.#clock.monotonic() - start
    this.#pace.note(bytes, ms)
    this.#budget.charge(ms * 1_000)
  }

  /** The record that `bytes` hold at `at`. Throws KV_CORRUPT_RECORD when it is not the one addressed. */
  #verified(bytes: Buffer, at: number, address: RecordAddress): RecordView {
    const record = this.#record(bytes, at, address)
    if (record === undefined) throw this.#corrupt(address)
    return record
  }

  /** The record that `bytes` hold at `at`, if it is the one addressed. */
  #record(bytes: Buffer, at: number, address: RecordAddress): RecordView | undefined {
    const { key, location, kind = recordKind.put } = address
    const record = new RecordView()
    const end = at + location.size
    const good =
      end <= bytes.length &&
      record.readChecked(bytes, at, end) &&
      record.end === end &&
      record.kind === kind &&
      record.index === location.index &&
      isKeyOf(record, key)
    return good ? record : undefined
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

function ownAddress(address: RecordAddress): RecordAddress {
  return { ...address, key: Buffer.from(address.key) }
}

/** Without a view of the record's key: this is done for every read. */
function isKeyOf({ source, keyStart, valueStart }: RecordView, key: Uint8Array): boolean {
  if (valueStart - keyStart !== key.length) return false
  for (let i = 0; i < key.length; i++) if (source[keyStart + i] !== key[i]) return false
  return true
}
