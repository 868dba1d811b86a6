import type { Answer, Request } from '@kv/protocol'
import { KvError } from '@kv/protocol'
import { unreachable } from '@kv/protocol/assert'
import { batch } from './handlers/batch.ts'
import { remove } from './handlers/delete.ts'
import { get } from './handlers/get.ts'
import { getMany } from './handlers/get-many.ts'
import { merge } from './handlers/merge.ts'
import { ping } from './handlers/ping.ts'
import { put } from './handlers/put.ts'
import { range } from './handlers/range.ts'
import { stats } from './handlers/stats.ts'
import type { Services } from './services.ts'

/**
 * Hands a request to the handler of its kind. The handler has copied or used up the request's keys and values,
 * which are views of the bytes received, when this returns. Throws, or rejects with, what toWireError takes.
 */
export function dispatch(request: Request<Buffer>, services: Services): Answer | Promise<Answer> {
  switch (request.kind) {
    case 'put':
      return put(request, services)
    case 'get':
      return get(request, services)
    case 'getMany':
      return getMany(request, services)
    case 'delete':
      return remove(request, services)
    case 'batch':
      return batch(request, services)
    case 'range':
      return range(request, services)
    case 'stats':
      return stats(request, services)
    case 'merge':
      return merge(request, services)
    case 'ping':
      return ping(request, services)
    case 'hello':
      throw new KvError('KV_BAD_REQUEST', 'hello was said already; nothing was done')
    default:
      return unreachable(request)
  }
}
