import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Durability } from '../sessions/session.ts'
import {
  findPeer,
  firstAnswer,
  type Option,
  printed,
  programVersion,
  ServerProcess,
} from './server-process.ts'
import type { Subject } from './subject.ts'

/** After a kill it reads the streams anew. */
const openTimeoutMs = 600_000

/** Every write synced is an option of its configuration file alone. */
const alwaysConfig = 'jetstream { sync_interval: always }'

const clientOptions = ['noAsyncTraces: true', 'reconnect: false', "history: 1, storage: 'file'"]

/** JetStream's key/value buckets, and `@nats-io/kv`. */
export const nats: Subject = {
  name: 'nats',
  title: 'NATS JetStream KV, @nats-io/kv',
  kind: 'network',
  product: 'nats',
  session: 'nats-kv',
  find: async () => findPeer('NATS', 'nats-server', '@nats-io/kv'),
  setup(durability) {
    const options = [
      ...printed(serverOptions('<port>', '<directory>', durability)),
      ...clientOptions,
    ]
    if (durability !== 'always') {
      const acknowledges = "when in the system's cache; on the disk within 2 minutes"
      return { acknowledges, options }
    }
    if (!hasAlways()) return undefined
    return { acknowledges: 'when on the disk', options: [...options, alwaysConfig] }
  },
  async serve(directory, durability) {
    if (durability === 'always') await writeFile(configFile(directory), `${alwaysConfig}\n`)
    return ServerProcess.start({
      name: 'nats-server',
      options: (port) => serverOptions(String(port), directory, durability),
      probe,
      timeoutMs: openTimeoutMs,
    })
  },
}

function serverOptions(port: string, directory: string, durability: Durability): Option[] {
  const options: Option[] = [
    ['--addr', '127.0.0.1'],
    ['--port', port],
    ['--jetstream'],
    ['--store_dir', directory],
  ]
  return durability === 'always' ? [...options, ['--config', configFile(directory)]] : options
}

function configFile(directory: string): string {
  return join(directory, 'nats-server.conf')
}

/** `sync_interval` came with 2.10; before that, two minutes are built in. */
function hasAlways(): boolean {
  const [major = 0, minor = 0] = (programVersion('nats-server') ?? '').split('.').map(Number)
  return major > 2 || (major === 2 && minor >= 10)
}

/** It takes clients once its streams are read, and greets each with INFO. */
async function probe(port: number, signal: AbortSignal): Promise<void> {
  const greeting = await firstAnswer(port, '', signal)
  if (!greeting.startsWith('INFO ')) throw new Error(`NATS answers ${greeting}`)
}
