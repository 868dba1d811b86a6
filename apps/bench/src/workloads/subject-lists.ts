/** Names of subjects that workloads have in common; ours first. */
export const networkSubjects: readonly [string, ...string[]] = [
  'kv',
  'redis-ioredis',
  'redis-ioredis-pipelining',
  'redis-node-redis',
  'etcd',
  'nats',
]

/** Each product with its quickest clients, where the client is not the question. */
export const networkProducts: readonly [string, ...string[]] = [
  'kv',
  'redis-ioredis-pipelining',
  'redis-node-redis',
  'etcd',
  'nats',
]

export const embeddedSubjects: readonly [string, ...string[]] = [
  'kv-embedded',
  'lmdb',
  'classic-level',
  'sqlite',
]
