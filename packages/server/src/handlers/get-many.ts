import type { GetManyAnswer, GetManyRequest } from '@kv/protocol'
import type { Services } from '../services.ts'
import { refuseReadOptions } from '../unsupported.ts'

/** An answer that would be too large to be sent is refused before anything of it is read. */
export async function getMany(
  { keys, options }: GetManyRequest<Buffer>,
  { store, limits }: Services,
): Promise<GetManyAnswer> {
  refuseReadOptions(options)
  return { kind: 'getMany', found: await store.getMany(keys, limits.batchBytesMax) }
}
