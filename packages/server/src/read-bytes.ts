import type { Store } from '@kv/engine'
import { type Request, rangePageBytesMax, type ServerLimits } from '@kv/protocol'

/**
 * What a request will bring into memory from the disk at most, in bytes; undefined for one that reads no values.
 * The keydir knows the lengths, so nothing is read to tell.
 */
export function readBytes(
  request: Request<Buffer>,
  store: Store,
  limits: ServerLimits,
): number | undefined {
  switch (request.kind) {
    case 'get':
      return store.valueBytes(request.key) ?? 0
    case 'getMany': {
      const bytes = request.keys.reduce((sum, key) => sum + (store.valueBytes(key) ?? 0), 0)
      // One that brings more is refused before it reads.
      return bytes > limits.batchBytesMax ? 0 : bytes
    }
    case 'range':
      return request.keysOnly ? 0 : rangePageBytesMax
    default:
      return undefined
  }
}
