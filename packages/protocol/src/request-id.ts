import { KvError, malformed } from './errors.ts'
import { MsgpackReader } from './msgpack-reader.ts'

/**
 * The request id that begins every message, 1 to 2^32 - 1. Zero where there is none: an answer with id 0 is
 * about the connection, and a request of which not even the id can be read is answered with 0.
 */
export function requestIdOf(payload: Buffer): number {
  try {
    const reader = new MsgpackReader(payload)
    reader.array()
    const id = reader.uint()
    return id > 0xffff_ffff ? 0 : id
  } catch (error) {
    if (error instanceof KvError) return 0
    throw error
  }
}

/** The id of a request, which is never 0. */
export function readRequestId(reader: MsgpackReader): number {
  const id = reader.uint()
  if (id === 0 || id > 0xffff_ffff) throw malformed('a request id is from 1 to 2^32 - 1')
  return id
}
