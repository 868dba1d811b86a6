import type { Store } from '@kv/engine'
import type { PlainMap, ServerLimits } from '@kv/protocol'

/** What handlers work on. */
export interface Services {
  readonly store: Store
  readonly limits: ServerLimits
  readonly serverVersion: string
  stats(): PlainMap
}

/** A lone node knows no elections. */
export const loneTerm = 0
