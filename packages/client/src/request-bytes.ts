import type { Bounds, Request } from '@kv/protocol'

/** Bytes of the keys and values of a request: what it holds of the memory that limits count. */
export function requestBytes(request: Request): number {
  switch (request.kind) {
    case 'get':
    case 'delete':
      return request.key.length
    case 'put':
      return request.key.length + request.value.length
    case 'getMany':
      return request.keys.reduce((sum, key) => sum + key.length, 0)
    case 'batch':
      return request.operations.reduce(
        (sum, each) => sum + each.key.length + (each.type === 'put' ? each.value.length : 0),
        0,
      )
    case 'range':
      return boundsBytes(request.bounds)
    default:
      return 0
  }
}

function boundsBytes({ gte, gt, lte, lt, prefix }: Bounds): number {
  let sum = 0
  for (const bound of [gte, gt, lte, lt, prefix]) sum += bound?.length ?? 0
  return sum
}
