import { bytesBeforePrepared, preparedBytesMax } from '../prepared-space.ts'
import type { CareReader } from './care-reader.ts'

/**
 * Where the zeros begin that the file ends in, as far as they may be the prepared space of an active segment. In a file
 * that the disk does not give as a whole there are none: what cannot be read shows as zeros, too.
 */
export async function preparedSpaceFrom(reader: CareReader): Promise<number> {
  const tailAt = Math.max(0, reader.bytes - preparedBytesMax)
  const tail = await reader.view(tailAt, preparedBytesMax)
  return reader.unreadable === undefined ? tailAt + bytesBeforePrepared(tail) : reader.bytes
}
