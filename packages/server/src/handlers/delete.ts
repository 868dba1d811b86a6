import type { DeleteAnswer, DeleteRequest } from '@kv/protocol'
import { reachedDurability, storeDurability } from '../durability.ts'
import { loneTerm, type Services } from '../services.ts'
import { refuseSession } from '../unsupported.ts'

export async function remove(
  { key, options }: DeleteRequest<Buffer>,
  { store }: Services,
): Promise<DeleteAnswer> {
  if (options !== undefined) {
    refuseSession(options)
  }
  const wish = options?.durability
  const { existed, version, durability } = await store.delete(key, {
    ...storeDurability(wish),
    ifVersion: options?.ifVersion,
  })
  return {
    kind: 'delete',
    existed,
    version,
    term: loneTerm,
    durability: reachedDurability(wish, durability),
  }
}
