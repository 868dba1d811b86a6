/**
 * Zeros behind the last frame of the active segment, which the next frames are written over. A sync after a write into
 * them has no new length and no new blocks of the file to make durable: that is about a third of its time
 * (docs/decisions/0015-prepared-space.md).
 *
 * They are written with a frame that the file had to grow for anyway, and synced with it. Nobody else writes to the
 * segment meanwhile, and where the zeros end the file just grows again.
 */
import { systemErrorCode } from './errors.ts'
import type { WritableFile } from './file-system/file-system.ts'
import { writeFully, writeFullySync } from './file-system/transfer.ts'

/** A segment holds no more of it, in bytes: written in some 15 us, and synced with a frame nearly unnoticed. */
export const preparedBytesMax: number = 64 * 1024
/** Beyond this size, in bytes, runs fill it so fast that it costs as much as it spares. */
const runBytesMax = 32 * 1024

/** Errors of a disk, a quota or a limit that has no room for it. */
const withoutRoom = new Set<string | undefined>(['ENOSPC', 'EDQUOT', 'EFBIG'])

const zeros = Buffer.alloc(preparedBytesMax)

export class PreparedSpace {
  readonly #segmentBytes: number
  /** Where the file ends. */
  #end: number

  /** The active segment's file ends at byte `end`. */
  constructor(segmentBytes: number, end: number) {
    this.#segmentBytes = segmentBytes
    this.#end = end
  }

  /** Prepares space if the run in bytes [`from`, `to`), which was just written, has left none. */
  async follow(handle: WritableFile, from: number, to: number, isQuick: boolean): Promise<void> {
    if (to <= this.#end) return
    this.#end = to
    const length = Math.min(preparedBytesMax, this.#segmentBytes - to)
    if (to - from > runBytesMax || length <= 0) return
    this.#end = to + length
    const bytes = zeros.subarray(0, length)
    try {
      if (isQuick) writeFullySync(handle, bytes, to)
      else await writeFully(handle, bytes, to)
    } catch (error) {
      // Without room for it the log grows frame by frame.
      if (!withoutRoom.has(systemErrorCode(error))) throw error
    }
  }

  /** Ends the file at byte `end`, behind the last frame. True if that is to be made durable. */
  async cut(handle: WritableFile, end: number): Promise<boolean> {
    if (this.#end <= end) return false
    await handle.truncate(end)
    this.#end = end
    return true
  }
}

/** Length of `tail`, the end of a file, without the zeros that it ends in, as far as they may be prepared space. */
export function bytesBeforePrepared(tail: Uint8Array): number {
  const least = Math.max(0, tail.length - preparedBytesMax)
  let length = tail.length
  while (length > least && tail[length - 1] === 0) length--
  return length
}
