/** Everything that can be measured, by name. */
import { classicLevel } from './classic-level.ts'
import { etcd } from './etcd.ts'
import { kv, kvEmbedded } from './kv.ts'
import { lmdb } from './lmdb.ts'
import { nats } from './nats.ts'
import { redisIoredis, redisIoredisPipelining, redisNodeRedis } from './redis.ts'
import { sqlite } from './sqlite.ts'
import type { Subject } from './subject.ts'

const subjects: readonly Subject[] = [
  kv,
  kvEmbedded,
  redisIoredis,
  redisIoredisPipelining,
  redisNodeRedis,
  etcd,
  nats,
  lmdb,
  classicLevel,
  sqlite,
]

export const peers: readonly Subject[] = subjects.filter(({ product }) => product !== 'kv')

export function subjectNamed(name: string): Subject {
  const subject = subjects.find((each) => each.name === name)
  if (subject === undefined) throw new Error(`no subject is called ${name}`)
  return subject
}
