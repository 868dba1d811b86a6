import type { PutAnswer, PutRequest } from '@kv/protocol'
import { reachedDurability, storeDurability } from '../durability.ts'
import { loneTerm, type Services } from '../services.ts'
import { refuseSession } from '../unsupported.ts'

/** The store copies key and value before it returns its promise: both are views of what was received. */
export function put(
  { key, value, options }: PutRequest<Buffer>,
  { store }: Services,
): Promise<PutAnswer> {
  if (options !== undefined) refuseSession(options)
  const wish = options?.durability
  const asked = storeDurability(wish)
  const written = store.put(
    key,
    value,
    options === undefined
      ? asked
      : {
          ...asked,
          ifVersion: options.ifVersion,
          ifAbsent: options.ifAbsent,
          ttlMs: options.ttlMs,
        },
  )
  return written.then(({ version, durability }) => ({
    kind: 'put',
    version,
    term: loneTerm,
    durability: reachedDurability(wish, durability),
  }))
}
