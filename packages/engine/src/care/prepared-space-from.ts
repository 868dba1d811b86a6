import { bytesBeforePrepared, preparedBytesMax } from '../prepared-space.ts'
import type { CareReader } from './care-reader.ts'

/** Where the zeros begin that the file ends in, as far as they may be the prepared space of an active segment. */
export async function preparedSpaceFrom(reader: CareReader): Promise<number> {
  const tailAt = Math.max(0, reader.bytes - preparedBytesMax)
  return tailAt + bytesBeforePrepared(await reader.view(tailAt, preparedBytesMax))
}
