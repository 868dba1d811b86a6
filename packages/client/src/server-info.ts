import type { ServerLimits } from '@kv/protocol'

/** The node behind the newest connection, as it told of itself. */
export interface ServerInfo {
  /** As `kv://host:port`. */
  readonly address: string
  readonly nodeId: string
  readonly clusterId: string
  readonly serverVersion: string
  readonly limits: ServerLimits
}
