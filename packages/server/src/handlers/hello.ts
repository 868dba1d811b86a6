import type { HelloAnswer, HelloRequest } from '@kv/protocol'
import { KvError, negotiateVersion, protocolVersions } from '@kv/protocol'
import type { Services } from '../services.ts'

/** Throws KV_UNSUPPORTED_VERSION. A token is accepted unread: this server asks for no credentials yet. */
export function hello(
  { versions }: HelloRequest,
  { store, limits, serverVersion }: Services,
): HelloAnswer {
  const version = negotiateVersion(versions)
  if (version === undefined) {
    throw new KvError(
      'KV_UNSUPPORTED_VERSION',
      `this server speaks protocol version ${protocolVersions.join(', ')} and none of those offered; nothing was done; use a client of its release`,
      { details: { versions: protocolVersions } },
    )
  }
  const { nodeId, clusterId } = store.identity
  return { kind: 'hello', version, nodeId, clusterId, limits, serverVersion }
}
