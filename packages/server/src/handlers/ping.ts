import type { PingAnswer, PingRequest } from '@kv/protocol'
import type { Services } from '../services.ts'

export function ping(_request: PingRequest, { store }: Services): PingAnswer {
  return { kind: 'ping', index: store.appliedIndex }
}
