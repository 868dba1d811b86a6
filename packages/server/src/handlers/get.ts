import type { GetAnswer, GetRequest } from '@kv/protocol'
import type { Services } from '../services.ts'
import { refuseReadOptions } from '../unsupported.ts'

/** What the store has at hand is answered in this turn of the event loop: before the next call of the store. */
export function get(
  { key, options }: GetRequest<Buffer>,
  { store }: Services,
): GetAnswer | Promise<GetAnswer> {
  refuseReadOptions(options)
  const found = store.borrowNow(key)
  return found instanceof Promise
    ? found.then((value) => ({ kind: 'get', found: value }))
    : { kind: 'get', found }
}
