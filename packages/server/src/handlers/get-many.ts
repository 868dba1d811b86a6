import type { StoredValue } from '@kv/engine'
import type { GetManyAnswer, GetManyRequest } from '@kv/protocol'
import { KvError } from '@kv/protocol'
import type { Services } from '../services.ts'
import { refuseReadOptions } from '../unsupported.ts'

/** Keys read at once, as of one moment. How large values are shows only when they are read. */
const keysPerSlice = 64

/** Read slice by slice, so that an answer too large to be sent is never in memory as a whole. */
export async function getMany(
  { keys, options }: GetManyRequest<Buffer>,
  { store, limits }: Services,
): Promise<GetManyAnswer> {
  refuseReadOptions(options)
  const found: (StoredValue | undefined)[] = []
  let bytes = 0
  for (let at = 0; at < keys.length; at += keysPerSlice) {
    for (const item of await store.getMany(keys.slice(at, at + keysPerSlice))) {
      bytes += item?.value.length ?? 0
      found.push(item)
    }
    if (bytes > limits.batchBytesMax) {
      throw new KvError(
        'KV_BATCH_TOO_LARGE',
        `the values of these ${keys.length} keys are over batchBytesMax (${limits.batchBytesMax} bytes) together; ask for fewer keys at once`,
      )
    }
  }
  return { kind: 'getMany', found }
}
