import { Client } from './client.ts'
import { Dispatcher } from './dispatcher.ts'
import type { ConnectOptions } from './options.ts'
import { settingsOf } from './options.ts'

/**
 * Connects to a node: `await connect('kv://127.0.0.1:7411')`. Rejects with TypeError or RangeError for a
 * wrong address or option, with KV_UNREACHABLE when no node answers there; the first connection is tried
 * once, a lost one is made again.
 */
export async function connect(
  target: string | ConnectOptions = {},
  options: ConnectOptions = {},
): Promise<Client> {
  const settings = settingsOf(typeof target === 'string' ? { ...options, url: target } : target)
  return new Client(await Dispatcher.open(settings), settings.requestTimeoutMs)
}
