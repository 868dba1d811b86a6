import type { ServerLimits } from '@kv/protocol'
import { afterEach } from 'vitest'
import type { Client } from '../src/client.ts'
import { connect } from '../src/connect.ts'
import type { ConnectOptions } from '../src/options.ts'
import type { Handle } from './fake-server.ts'
import { FakeServer } from './fake-server.ts'

export interface Rig {
  readonly server: FakeServer
  readonly client: Client
}

/** Starts servers and clients for the tests of a file, and ends them after each. */
export function useRigs(): (
  handle: Handle,
  options?: ConnectOptions,
  limits?: Partial<ServerLimits>,
) => Promise<Rig> {
  const rigs: Rig[] = []
  afterEach(async () => {
    for (const { server, client } of rigs.splice(0)) {
      // Without a connection nothing is left to drain.
      await server.close()
      await client.close()
    }
  })
  return async (handle, options, limits) => {
    const server = await FakeServer.listen(handle, limits)
    const client = await connect({ url: server.url, ...options })
    rigs.push({ server, client })
    return { server, client }
  }
}

/** For requests that stay unanswered. */
export const silent: Handle = () => {}
