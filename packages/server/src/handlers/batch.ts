import type { BatchAnswer, BatchRequest } from '@kv/protocol'
import { KvError } from '@kv/protocol'
import { reachedDurability, storeDurability } from '../durability.ts'
import { loneTerm, type Services } from '../services.ts'
import { refuseSession } from '../unsupported.ts'

export async function batch(
  { operations, options }: BatchRequest<Buffer>,
  { store }: Services,
): Promise<BatchAnswer> {
  if (operations.length === 0) {
    throw new KvError('KV_BAD_REQUEST', 'the batch is empty; nothing was done')
  }
  if (options !== undefined) refuseSession(options)
  const wish = options?.durability
  const { version, durability } = await store.batch(
    operations.map(({ conditions, ...operation }) => ({ ...operation, ...conditions })),
    storeDurability(wish),
  )
  return { kind: 'batch', version, term: loneTerm, durability: reachedDurability(wish, durability) }
}
