import type { Clock } from './clock.ts'
import { crc32 } from './crc32.ts'
import type { DiskReserve } from './disk-reserve.ts'
import { manifestFileName } from './file-names.ts'
import type { FileSystem } from './file-system/file-system.ts'
import type { FileTable } from './file-table.ts'
import type { LogPosition } from './frame.ts'
import type { Keydir } from './keydir/keydir.ts'
import {
  type ImageFile,
  imageBytes,
  removeKeydirImage,
  writeKeydirImage,
} from './keydir-image-file.ts'
import type { Logger } from './logger.ts'
import { readWholeFile } from './small-file.ts'

/** Versions freed in one turn of the event loop. */
const versionsPerTurn = 4_096

/** Saves the keydir of a store that closes, and removes the image as soon as it no longer tells the truth. */
export class KeydirSaver {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #keydir: Keydir
  readonly #files: FileTable
  #hasImage: boolean
  #removing: Promise<void> | undefined

  constructor(
    fileSystem: FileSystem,
    directory: string,
    clock: Clock,
    logger: Logger,
    keydir: Keydir,
    files: FileTable,
    hasImage: boolean,
  ) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#clock = clock
    this.#logger = logger
    this.#keydir = keydir
    this.#files = files
    this.#hasImage = hasImage
  }

  /** The log goes on behind the image, or files have been merged: it only takes space from now on. */
  outdate(): void {
    if (!this.#hasImage) return
    this.#hasImage = false
    // The next open finds out by itself that it is of another state.
    this.#removing = removeKeydirImage(this.#fileSystem, this.#directory).catch(() => undefined)
  }

  /**
   * Writes the image for a log that ends at `logEnd`, unless it is there, or the disk has no room to spare. Never
   * rejects: without an image the next open takes longer, and that is all. No snapshot is open.
   */
  async save(logEnd: LogPosition, disk: DiskReserve): Promise<void> {
    await this.#removing
    if (this.#hasImage) return
    while (this.#keydir.releaseKept(versionsPerTurn)) await this.#clock.nextTurn()
    const image = this.#keydir.image()
    if (!disk.hasRoomFor(imageBytes(image))) return
    try {
      const manifest = await readWholeFile(
        this.#fileSystem,
        `${this.#directory}/${manifestFileName}`,
      )
      if (manifest === undefined) return
      const manifestCrc = crc32(manifest, 0, manifest.length)
      const basis = { manifestCrc, logEnd: { index: logEnd.index, chain: logEnd.chain } }
      const files = [...this.#files.entries()].map(
        ([slot, { path, liveBytes, liveRecords }]): ImageFile => ({
          slot,
          path,
          liveBytes,
          liveRecords,
        }),
      )
      await writeKeydirImage(this.#fileSystem, this.#directory, basis, files, image)
    } catch (error) {
      this.#logger.warn(
        { err: error },
        'the keydir could not be saved; no data is affected, the next open takes longer',
      )
    }
  }
}
