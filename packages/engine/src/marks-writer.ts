import type { Clock } from './clock.ts'
import { systemErrorCode } from './errors.ts'
import type { WritableFile } from './file-system/file-system.ts'
import { writeFully } from './file-system/transfer.ts'
import { encodeMark, type Mark, markPosition } from './mark.ts'

/** Between two marks written in passing, and between two syncs of theirs, in ms. */
const writeIntervalMs = 50
const syncIntervalMs = 1_000

/** What a mark says, before it has its number. */
export type DurablePoint = Omit<Mark, 'seq'>

/**
 * Writes marks. Most are written in passing, off the path of any acknowledgement: losing one only weakens the
 * evidence that recovery has.
 */
export class MarksWriter {
  readonly #file: WritableFile
  readonly #clock: Clock
  readonly #onFailure: (error: unknown) => void
  #seq: number
  #latest: DurablePoint | undefined
  #running: Promise<void> | undefined
  #writtenAt = Number.NEGATIVE_INFINITY
  #syncedAt = Number.NEGATIVE_INFINITY

  /** `lastSeq` is the number of the last mark in the file. */
  constructor(
    file: WritableFile,
    lastSeq: number,
    clock: Clock,
    onFailure: (error: unknown) => void,
  ) {
    this.#file = file
    this.#seq = lastSeq
    this.#clock = clock
    this.#onFailure = onFailure
  }

  /** Notes in passing that the log is durable up to `point`; a mark follows if the last one is old enough. */
  note(point: DurablePoint): void {
    this.#latest = point
    if (this.#running !== undefined) return
    if (this.#clock.monotonic() - this.#writtenAt < writeIntervalMs) return
    this.#running = this.#writeLatest()
      .catch(this.#onFailure)
      .finally(() => {
        this.#running = undefined
      })
  }

  /** Writes a mark and makes it durable. */
  async markNow(point: DurablePoint): Promise<void> {
    await this.#running
    this.#latest = point
    this.#syncedAt = Number.NEGATIVE_INFINITY
    await this.#writeLatest()
  }

  async close(): Promise<void> {
    await this.#running
    await this.#file.close()
  }

  async #writeLatest(): Promise<void> {
    try {
      await this.#writeMark()
    } catch (error) {
      // Without room the evidence stays as it was, and so does everything else.
      if (systemErrorCode(error) !== 'ENOSPC') throw error
    }
  }

  async #writeMark(): Promise<void> {
    if (this.#latest === undefined) return
    this.#writtenAt = this.#clock.monotonic()
    this.#seq++
    await writeFully(
      this.#file,
      encodeMark({ seq: this.#seq, ...this.#latest }),
      markPosition(this.#seq),
    )
    if (this.#clock.monotonic() - this.#syncedAt < syncIntervalMs) return
    this.#syncedAt = this.#clock.monotonic()
    await this.#file.sync()
  }
}
