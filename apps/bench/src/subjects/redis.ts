import type { Durability } from '../sessions/session.ts'
import { findPeer, firstAnswer, type Option, printed, ServerProcess } from './server-process.ts'
import type { SessionName, Subject } from './subject.ts'

/** With many keys it reads its log for long, and answers LOADING meanwhile. */
const openTimeoutMs = 600_000

const fsync: Readonly<Record<Durability, string>> = {
  always: 'always',
  interval: 'everysec',
  none: 'no',
}

const acknowledges: Readonly<Record<Durability, string>> = {
  always: 'when on the disk',
  // While a sync is running, Redis answers, yet keeps back what it writes to its log, for up to 2 s: a kill of
  // the process then loses acknowledged writes.
  interval: "when in the system's cache, during a sync in Redis's memory; on the disk within 2 s",
  none: "when in the system's cache; on the disk when the system likes",
}

export const redisIoredis: Subject = redis({
  name: 'redis-ioredis',
  title: 'Redis, ioredis',
  session: 'ioredis',
  client: 'ioredis',
  clientOptions: ['retryStrategy: null'],
})

export const redisIoredisPipelining: Subject = redis({
  name: 'redis-ioredis-pipelining',
  title: 'Redis, ioredis with auto-pipelining',
  session: 'ioredis-pipelining',
  client: 'ioredis',
  clientOptions: ['retryStrategy: null', 'enableAutoPipelining: true'],
})

export const redisNodeRedis: Subject = redis({
  name: 'redis-node-redis',
  title: 'Redis, node-redis',
  session: 'node-redis',
  client: 'redis',
  clientOptions: [
    'socket.reconnectStrategy: false',
    'commandOptions.typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer }',
  ],
})

interface RedisPeer {
  readonly name: string
  readonly title: string
  readonly session: SessionName
  /** The npm package. */
  readonly client: string
  /** As its session gives them. */
  readonly clientOptions: readonly string[]
}

function redis({ client, clientOptions, ...subject }: RedisPeer): Subject {
  return {
    ...subject,
    kind: 'network',
    product: 'redis',
    find: async () => findPeer('Redis', 'redis-server', client),
    setup: (durability) => ({
      acknowledges: acknowledges[durability],
      options: [...printed(serverOptions('<port>', '<directory>', durability)), ...clientOptions],
    }),
    serve: (directory, durability) =>
      ServerProcess.start({
        name: 'redis-server',
        options: (port) => serverOptions(String(port), directory, durability),
        probe,
        timeoutMs: openTimeoutMs,
      }),
  }
}

function serverOptions(port: string, directory: string, durability: Durability): Option[] {
  return [
    ['--bind', '127.0.0.1'],
    ['--port', port],
    ['--dir', directory],
    // The log holds everything; snapshots beside it would only cost.
    ['--save', ''],
    ['--appendonly', 'yes'],
    ['--appendfsync', fsync[durability]],
  ]
}

async function probe(port: number, signal: AbortSignal): Promise<void> {
  const answer = await firstAnswer(port, 'PING\r\n', signal)
  if (!answer.startsWith('+PONG')) throw new Error(`Redis answers ${answer}`)
}
