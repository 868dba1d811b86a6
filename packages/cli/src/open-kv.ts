import type { Client, ConnectOptions } from '@kv/client'
import { connect } from '@kv/client'
import { usageError } from './cli-error.ts'
import type { Kv } from './kv.ts'
import { packageVersion } from './version.ts'

export interface Target {
  /** `kv://host[:port]`. */
  readonly address: string
  /** For connecting, and for each request; without it the client's defaults. */
  readonly timeoutMs: number | undefined
}

/** Opens a connection. */
export type OpenKv = (target: Target) => Promise<Kv>

/** Throws CLI_USAGE for an address that is none, KV_UNREACHABLE when nobody answers there. */
export async function openKv({ address, timeoutMs }: Target): Promise<Client> {
  const options: ConnectOptions = {
    clientName: `kv-cli/${packageVersion()}`,
    connectTimeoutMs: timeoutMs,
    requestTimeoutMs: timeoutMs,
    // Whoever waits for a command wants to hear soon that the server is gone.
    reconnect: { attemptsMax: 1 },
  }
  try {
    return await connect(address, options)
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw usageError(error.message)
    throw error
  }
}
