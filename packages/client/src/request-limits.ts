/** What the server would refuse is refused before it travels. */
import type { ErrorCode, Request, ServerLimits } from '@kv/protocol'
import { KvError } from '@kv/protocol'

/** Throws KV_KEY_TOO_LARGE, KV_VALUE_TOO_LARGE or KV_BATCH_TOO_LARGE. */
export function checkRequest(request: Request, limits: ServerLimits): void {
  const { keyBytesMax, valueBytesMax, batchOpsMax } = limits
  switch (request.kind) {
    case 'put':
      checkBytes('KV_VALUE_TOO_LARGE', 'value', request.value.length, valueBytesMax)
      return checkBytes('KV_KEY_TOO_LARGE', 'key', request.key.length, keyBytesMax)
    case 'get':
    case 'delete':
      return checkBytes('KV_KEY_TOO_LARGE', 'key', request.key.length, keyBytesMax)
    case 'getMany':
      checkCount('keys', request.keys.length, batchOpsMax)
      for (const key of request.keys) {
        checkBytes('KV_KEY_TOO_LARGE', 'key', key.length, keyBytesMax)
      }
      return
    case 'batch':
      checkCount('operations', request.operations.length, batchOpsMax)
      return checkOperations(request.operations, limits)
    default:
  }
}

function checkOperations(
  operations: Extract<Request, { kind: 'batch' }>['operations'],
  { keyBytesMax, valueBytesMax, batchBytesMax }: ServerLimits,
): void {
  let bytes = 0
  for (const operation of operations) {
    const valueBytes = operation.type === 'put' ? operation.value.length : 0
    checkBytes('KV_KEY_TOO_LARGE', 'key', operation.key.length, keyBytesMax)
    checkBytes('KV_VALUE_TOO_LARGE', 'value', valueBytes, valueBytesMax)
    bytes += operation.key.length + valueBytes
  }
  checkBytes('KV_BATCH_TOO_LARGE', 'batch', bytes, batchBytesMax)
}

function checkBytes(code: ErrorCode, what: string, bytes: number, limit: number): void {
  if (bytes <= limit) return
  throw new KvError(
    code,
    `the ${what} has ${bytes} bytes, the server takes ${limit}; nothing was sent`,
  )
}

function checkCount(what: string, count: number, limit: number): void {
  if (count <= limit) return
  throw new KvError(
    'KV_BATCH_TOO_LARGE',
    `${count} ${what}, the server takes ${limit} at a time; nothing was sent: split them`,
  )
}
