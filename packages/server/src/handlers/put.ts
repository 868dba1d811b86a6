import type { PutAnswer, PutRequest } from '@kv/protocol'
import { reachedDurability, storeDurability } from '../durability.ts'
import { loneTerm, type Services } from '../services.ts'
import { refuseConditions, refuseOption, refuseSession } from '../unsupported.ts'

/** The store copies key and value before it returns its promise: both are views of what was received. */
export async function put(
  { key, value, options }: PutRequest<Buffer>,
  { store }: Services,
): Promise<PutAnswer> {
  if (options !== undefined) {
    refuseConditions(options)
    refuseSession(options)
    if (options.ttlMs !== undefined) refuseOption('ttlMs')
  }
  const wish = options?.durability
  const { version, durability } = await store.put(key, value, storeDurability(wish))
  return { kind: 'put', version, term: loneTerm, durability: reachedDurability(wish, durability) }
}
