import type { GetAnswer, GetRequest } from '@kv/protocol'
import type { Services } from '../services.ts'
import { refuseReadOptions } from '../unsupported.ts'

export async function get(
  { key, options }: GetRequest<Buffer>,
  { store }: Services,
): Promise<GetAnswer> {
  refuseReadOptions(options)
  return { kind: 'get', found: await store.get(key) }
}
