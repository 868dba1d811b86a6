import type { Clock } from './clock.ts'
import { KvError } from './errors.ts'
import type { FileSystem, FreeSpace } from './file-system/file-system.ts'
import type { Logger } from './logger.ts'

/**
 * How often the disk is looked at: after so many bytes written, or this share of the reserve where that is less, so that
 * it is never used up between two looks; and with the first write, or attempt at one, after so many ms.
 */
const bytesBetweenLooksMax = 8 * 1024 * 1024
const bytesBetweenLooksMin = 64 * 1024
const reserveShareBetweenLooks = 1 / 4
const msBetweenLooks = 1_000
/** The reserve is this share of the disk at most: a small disk is not all reserve. */
const reserveShareMax = 1 / 16
/** Names left on the file system below which puts are refused. */
const filesMin = 32

const mebibyte = 1024 * 1024

/**
 * Keeps part of the disk for what makes room on it: below the reserve puts are refused, before the disk is full, while
 * deletes and merges go on. It looks again by itself, and puts go on once there is room.
 */
export class DiskReserve {
  readonly #fileSystem: FileSystem
  readonly #directory: string
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #reserveBytes: number
  readonly #onLow: () => void
  #free: FreeSpace | undefined
  #isLow = false
  #bytesSinceLook = 0
  #bytesBetweenLooks = bytesBetweenLooksMax
  #lookedAt = Number.NEGATIVE_INFINITY
  #looking: Promise<void> | undefined
  #cancel: () => void = () => undefined
  #stopped = false

  /** `onLow` is called at each look that finds it low: whoever can make room hears of it. */
  constructor(
    fileSystem: FileSystem,
    directory: string,
    clock: Clock,
    logger: Logger,
    reserveBytes: number,
    onLow: () => void,
  ) {
    this.#fileSystem = fileSystem
    this.#directory = directory
    this.#clock = clock
    this.#logger = logger
    this.#reserveBytes = reserveBytes
    this.#onLow = onLow
  }

  /** Puts are refused. */
  get isLow(): boolean {
    return this.#isLow
  }

  /** Free bytes when the disk was last looked at; undefined when it could not be. */
  get freeBytes(): number | undefined {
    return this.#free?.bytes
  }

  /** Whether `bytes` more leave the reserve as it is, as of the last look; true when it could not be looked at. */
  hasRoomFor(bytes: number): boolean {
    return this.#free === undefined || this.#free.bytes - bytes >= this.#reserve()
  }

  /** Notes bytes written by now. */
  written(bytes: number): void {
    this.#bytesSinceLook += bytes
    if (this.#bytesSinceLook >= this.#bytesBetweenLooks) this.#lookUnlessLooking()
    else this.#lookWhenDue()
  }

  /** Looks at the disk now. Never rejects: a disk that cannot be looked at is not said to be low. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined
    })
    return this.#looking
  }

  /** Throws KV_DISK_FULL while the disk is low. A disk that others have filled is noticed without anything written. */
  refuseWhenLow(): void {
    this.#lookWhenDue()
    if (!this.#isLow) return
    throw new KvError(
      'KV_DISK_FULL',
      `the disk has ${mebibytes(this.#free?.bytes ?? 0)} left, and a reserve of ${mebibytes(this.#reserve())} is kept: puts are refused, reads, deletes and merges go on; nothing was written; free space, puts resume by themselves`,
      { details: { freeBytes: this.#free?.bytes ?? 0, reserveBytes: this.#reserve() } },
    )
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#looking
  }

  #lookWhenDue(): void {
    if (this.#clock.monotonic() - this.#lookedAt >= msBetweenLooks) this.#lookUnlessLooking()
  }

  #lookUnlessLooking(): void {
    if (this.#looking === undefined && !this.#stopped) void this.look()
  }

  async #look(): Promise<void> {
    this.#bytesSinceLook = 0
    this.#lookedAt = this.#clock.monotonic()
    this.#free = await this.#fileSystem.freeSpace(this.#directory).catch(() => undefined)
    const wasLow = this.#isLow
    this.#isLow =
      this.#free !== undefined &&
      this.#reserveBytes > 0 &&
      (this.#free.bytes < this.#reserve() || this.#free.files < filesMin)
    this.#bytesBetweenLooks = bytesBetweenLooksFor(this.#reserve())
    if (this.#isLow !== wasLow) this.#tell()
    if (!this.#isLow || this.#stopped) return
    this.#onLow()
    this.#cancel = this.#clock.after(msBetweenLooks, () => void this.look())
  }

  #reserve(): number {
    const totalBytes = this.#free?.totalBytes ?? Number.POSITIVE_INFINITY
    return Math.min(this.#reserveBytes, totalBytes * reserveShareMax)
  }

  #tell(): void {
    const fields = { freeBytes: this.#free?.bytes, freeFiles: this.#free?.files }
    if (this.#isLow) {
      this.#logger.warn(
        fields,
        'the disk is nearly full: puts are refused, deletes and merges go on',
      )
    } else {
      this.#logger.info(fields, 'the disk has room again: puts go on')
    }
  }
}

function bytesBetweenLooksFor(reserve: number): number {
  if (reserve === 0) return bytesBetweenLooksMax
  const share = Math.max(reserve * reserveShareBetweenLooks, bytesBetweenLooksMin)
  return Math.min(share, bytesBetweenLooksMax)
}

function mebibytes(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`
}
