import type { StatsAnswer, StatsRequest } from '@kv/protocol'
import type { Services } from '../services.ts'

export function stats(_request: StatsRequest, services: Services): StatsAnswer {
  return { kind: 'stats', stats: services.stats() }
}
