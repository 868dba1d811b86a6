import { assert } from './assert.ts'
import { corruptStore } from './corrupt-store.ts'
import type { DataFile } from './data-file.ts'
import { isOutOfDescriptors, KvError, systemErrorCode } from './errors.ts'
import type { FileSystem, ReadableFile } from './file-system/file-system.ts'
import { removeIfThere } from './small-file.ts'

/** The keydir keeps a slot in 16 bits. With the default `segmentBytes` they hold 4 TiB. */
const slotsMax = 2 ** 16

interface Place {
  readonly file: DataFile
  readonly number: number
  handle: ReadableFile | undefined
  opening: Promise<ReadableFile> | undefined
  /** Whoever needs the file to stay. */
  pins: number
  /** Whoever has its descriptor in use. */
  readers: number
  retired: boolean
}

/** Sealed files that may be read at once, however many others wait for their footer with a descriptor open. */
const readFilesMin = 2

/**
 * The files of a store by slot, and their descriptors. At most `openFilesMax` are open, the least recently
 * used are closed first, and reads of further files wait for their turn; a file that is being read is neither
 * closed nor removed under the reader. Files without a footer are written to, and stay open beyond that.
 */
export class FileTable {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #openFilesMax: number
  readonly #onRemovalFailure: (file: DataFile, error: unknown) => void
  readonly #places: (Place | undefined)[] = []
  /** Slots with a descriptor, least recently used first. */
  readonly #open = new Set<number>()
  #lastNumber = 0
  /** Descriptors that are open, being opened or being closed. */
  #descriptors = 0
  /** Of these, being closed. */
  #closing = 0
  /** Reads that wait for a descriptor, first come first served. Each is handed one, to be opened. */
  readonly #waiting: (() => void)[] = []
  /** Reads that found the process without a descriptor, and wait for another one to end. */
  #short: (() => void)[] = []
  #pins = 0
  #onUnpinned: () => void = () => undefined

  constructor(
    fileSystem: FileSystem,
    directory: string,
    openFilesMax: number,
    onRemovalFailure: (file: DataFile, error: unknown) => void,
  ) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#openFilesMax = openFilesMax
    this.#onRemovalFailure = onRemovalFailure
  }

  get openFiles(): number {
    return this.#open.size
  }

  /** Slots, whether they hold a file or are free. */
  get size(): number {
    return this.#places.length
  }

  /** The slots and files that count, in no order. */
  *entries(): Generator<readonly [number, DataFile]> {
    for (const [slot, place] of this.#places.entries()) {
      if (place !== undefined && !place.retired) yield [slot, place.file]
    }
  }

  /** The files that count, in no order. */
  *files(): Generator<DataFile> {
    for (const [, file] of this.entries()) yield file
  }

  /** Takes in a file, with a descriptor when one is open already, at a slot that is free. Returns the slot. */
  add(file: DataFile, handle?: ReadableFile, slot: number = this.#freeSlot()): number {
    assert(this.#places[slot] === undefined, 'a slot holds one file')
    assert(slot < slotsMax, 'a store has at most 65,536 files: larger segments make fewer')
    const number = ++this.#lastNumber
    this.#places[slot] = {
      file,
      number,
      handle,
      opening: undefined,
      pins: 0,
      readers: 0,
      retired: false,
    }
    if (handle !== undefined) {
      this.#open.add(slot)
      this.#descriptors++
    }
    return slot
  }

  /** Whether a file counts still. */
  has(file: DataFile): boolean {
    return this.#places.some((place) => place?.file === file && !place.retired)
  }

  slotOf(file: DataFile): number {
    const slot = this.#places.findIndex((place) => place?.file === file)
    assert(slot !== -1, 'a file of the store has a slot')
    return slot
  }

  file(slot: number): DataFile {
    return this.#place(slot).file
  }

  /** A number that only the file at this slot has, for as long as the table is there; from 1 on. */
  number(slot: number): number {
    return this.#place(slot).number
  }

  /** A descriptor that is open already, for a read in this turn of the event loop. */
  handle(slot: number): ReadableFile | undefined {
    const { handle } = this.#place(slot)
    // Far from the limit nobody asks who was used last.
    if (handle !== undefined && this.#open.size * 2 > this.#openFilesMax) this.#touch(slot)
    return handle
  }

  /**
   * Keeps files from being removed, from this very call on, so that locations looked up just before stay good.
   * Returns what lets them go.
   */
  pin(slots: Iterable<number>): () => Promise<void> {
    const pinned = [...slots].map((slot) => ({ slot, place: this.#place(slot) }))
    for (const { place } of pinned) place.pins++
    this.#pins++
    return async () => {
      for (const { slot, place } of pinned) {
        place.pins--
        if (place.retired && place.pins === 0) await this.#removeFile(slot, place)
      }
      await this.#closeSurplus()
      this.#pins--
      if (this.#pins === 0) this.#onUnpinned()
    }
  }

  /** Runs `use` with the file open and pinned. */
  async withFile<T>(slot: number, use: (file: ReadableFile) => Promise<T>): Promise<T> {
    const release = this.pin([slot])
    const place = this.#place(slot)
    place.readers++
    try {
      return await use(place.handle ?? (await this.#openFile(slot, place)))
    } finally {
      place.readers--
      this.#readEnded()
      await release()
    }
  }

  /** Removes a file for good, with its hint, as soon as nobody reads it any more. */
  async retire(slot: number): Promise<void> {
    const place = this.#place(slot)
    assert(place.file.liveRecords === 0, 'a retired file holds no live record')
    place.retired = true
    if (place.pins === 0) await this.#removeFile(slot, place)
  }

  /** Closes all descriptors, once nobody reads any more. */
  async close(): Promise<void> {
    if (this.#pins > 0) {
      await new Promise<void>((resolve) => {
        this.#onUnpinned = resolve
      })
    }
    const handles = this.#places.flatMap((place) => place?.handle ?? [])
    this.#places.length = 0
    this.#open.clear()
    for (const handle of handles) await handle.close()
  }

  #freeSlot(): number {
    // `indexOf` does not see the holes that slots given by an image leave.
    const free = this.#places.findIndex((place) => place === undefined)
    return free === -1 ? this.#places.length : free
  }

  #place(slot: number): Place {
    const place = this.#places[slot]
    assert(place !== undefined, 'a slot in use names a file')
    return place
  }

  #openFile(slot: number, place: Place): Promise<ReadableFile> {
    place.opening ??= this.#openForReading(place.file)
      .then((handle) => {
        place.handle = handle
        this.#touch(slot)
        return handle
      })
      .finally(() => {
        place.opening = undefined
      })
    return place.opening
  }

  async #openForReading(file: DataFile): Promise<ReadableFile> {
    await this.#takeDescriptor()
    try {
      return await this.#openOrShed(`${this.#directory}/${file.path}`)
    } catch (error) {
      this.#giveDescriptorBack()
      if (isOutOfDescriptors(error)) {
        throw new KvError(
          'KV_TRY_LATER',
          'no file descriptor is free; nothing was changed; try again',
          {
            cause: error,
            details: { retryAfterMs: 50 },
          },
        )
      }
      const code = systemErrorCode(error)
      if (code === 'ENOENT') throw corruptStore(file.path, 'missing', error)
      throw new KvError(
        'KV_CORRUPT_STORE',
        `${file.path} cannot be opened (${code ?? 'unknown error'}); nothing was changed; see to the disk and restart`,
        { cause: error },
      )
    }
  }

  /**
   * The process may have no descriptor left, though fewer than `openFilesMax` are open here: those that nobody uses
   * make room, and else those that are being read, once they are not.
   */
  async #openOrShed(path: string): Promise<ReadableFile> {
    for (;;) {
      try {
        return await this.#fileSystem.openForReading(path)
      } catch (error) {
        if (!isOutOfDescriptors(error)) throw error
        // From the look at who reads to the wait for it nothing else may happen: it would not be heard of.
        const idle = this.#leastRecentlyUsed()
        if (idle !== undefined) await this.#closeHandle(...idle)
        // This one, and those that wait as well, have none.
        else if (this.#sealedDescriptors - 1 - this.#short.length <= 0) throw error
        else await new Promise<void>((resolve) => this.#short.push(resolve))
      }
    }
  }

  #touch(slot: number): void {
    this.#open.delete(slot)
    this.#open.add(slot)
  }

  /** Closes descriptors nobody uses beyond the limit: of segments sealed by now, for one. */
  async closeSurplus(): Promise<void> {
    this.#admit()
    await this.#closeSurplus()
  }

  /** Closes all descriptors nobody uses: the process has none left. Returns how many that were. */
  async shed(): Promise<number> {
    let count = 0
    while (await this.#shedOne()) count++
    return count
  }

  async #shedOne(): Promise<boolean> {
    const idle = this.#leastRecentlyUsed()
    if (idle === undefined) return false
    await this.#closeHandle(...idle)
    return true
  }

  async #closeSurplus(): Promise<void> {
    while (this.#open.size > this.#openFilesMax && (await this.#shedOne()));
  }

  /** Resolves when one more may be opened, which {@link #giveDescriptorBack} ends. */
  async #takeDescriptor(): Promise<void> {
    if (this.#waiting.length > 0 || !this.#mayOpen()) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve)
        this.#admit()
      })
      return
    }
    this.#descriptors++
  }

  #giveDescriptorBack(): void {
    this.#descriptors--
    this.#readEnded()
  }

  #readEnded(): void {
    const short = this.#short
    this.#short = []
    for (const resolve of short) resolve()
    this.#admit()
  }

  /** Lets those in that wait, as far as there is room, or somebody's descriptor to take over. */
  #admit(): void {
    while (this.#waiting.length > 0) {
      if (this.#mayOpen()) {
        this.#descriptors++
        this.#waiting.shift()!()
        continue
      }
      // When one is closed there is room, and this is called again.
      if (this.#closing >= this.#waiting.length) return
      const idle = this.#leastRecentlyUsed()
      if (idle === undefined) return
      void this.#closeHandle(...idle)
    }
  }

  /** Files that are written to may take all there are: some reads go on all the same. */
  #mayOpen(): boolean {
    return this.#descriptors < this.#openFilesMax || this.#sealedDescriptors < readFilesMin
  }

  /** Of files that are only read. */
  get #sealedDescriptors(): number {
    let unsealed = 0
    for (const slot of this.#open) if (this.#place(slot).file.state !== 'sealed') unsealed++
    return this.#descriptors - unsealed
  }

  /** A sealed file that is open and not being read. */
  #leastRecentlyUsed(): readonly [slot: number, place: Place] | undefined {
    for (const slot of this.#open) {
      const place = this.#place(slot)
      if (place.readers === 0 && place.file.state === 'sealed') return [slot, place]
    }
    return undefined
  }

  /** Never rejects: the descriptor is gone all the same, and what was written through it was synced before. */
  async #closeHandle(slot: number, place: Place): Promise<void> {
    const { handle } = place
    if (handle === undefined) return
    place.handle = undefined
    this.#open.delete(slot)
    this.#closing++
    await handle.close().catch(() => undefined)
    this.#closing--
    this.#giveDescriptorBack()
  }

  async #removeFile(slot: number, place: Place): Promise<void> {
    if (this.#places[slot] !== place) return
    await this.#closeHandle(slot, place)
    this.#places[slot] = undefined
    try {
      await removeIfThere(this.#fileSystem, `${this.#directory}/${place.file.hintPath}`)
      await removeIfThere(this.#fileSystem, `${this.#directory}/${place.file.path}`)
    } catch (error) {
      // MANIFEST no longer names it, so the next open removes it; until then it only takes space.
      this.#onRemovalFailure(place.file, error)
    }
  }
}
